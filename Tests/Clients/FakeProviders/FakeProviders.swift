import Foundation
import TestSupport

/// The fake servers of the provider tests as a process, for tests in other languages.
///
/// Writes the server addresses as one line of JSON, answers each line of the standard input (``Command``) with one line
/// (``Report``), and exits at the end of the input.
enum FakeProviders {
    static func run() async throws {
        // The second Ollama and Gemini repeat the message, so that a test knows which message reached them through Parley.
        try await withFakeOllama { ollama in
            try await withFakeOllama { repeatingOllama in
                try await withFakeOpenAI { openAI in
                    try await withFakeGemini { gemini in
                        try await withFakeGemini { repeatingGemini in
                            try await withFakeAnthropic { anthropic in
                                try await run(commandsFor: [
                                    "ollama itself": FakeServerController(.ollama, ollama),
                                    "ollama": FakeServerController(.ollama, repeatingOllama, model: OllamaModel.answer),
                                    "openai": FakeServerController(.openai, openAI),
                                    "gemini itself": FakeServerController(.gemini, gemini),
                                    "gemini": FakeServerController(.gemini, repeatingGemini, model: GeminiModel.answer),
                                    "anthropic": FakeServerController(.anthropic, anthropic),
                                ])
                            }
                        }
                    }
                }
            }
        }
    }

    private static func run(commandsFor controllers: [String: FakeServerController]) async throws {
        try write(controllers.mapValues(\.url))
        for await line in StandardInput.lines { try write(answer(line, controllers)) }
    }

    private static func answer(_ line: String, _ controllers: [String: FakeServerController]) -> Report {
        do {
            let command = try JSONDecoder().decode(Command.self, from: Data(line.utf8))
            guard let controller = controllers[command.server] else {
                return Report(fault: "Unknown server: \(command.server)")
            }
            guard let answers = command.answers else {
                return Report(requests: controller.requests(containing: command.containing).map(Report.Request.init))
            }
            controller.expect(command.containing, answers)
            return Report()
        } catch {
            return Report(fault: "Invalid command: \(error)")
        }
    }

    private static func write(_ value: some Encodable) throws {
        let line = try JSONEncoder().encode(value) + Data("\n".utf8)
        try FileHandle.standardOutput.write(contentsOf: line)
    }
}
