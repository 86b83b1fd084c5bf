import Foundation
import TestSupport

/// The servers that our providers are tested with, for clients in other languages to judge and to stand behind Parley.
///
/// Writes their addresses as one line of JSON, answers each line of the standard input (``Command``) with one
/// (``Report``), and ends when the input does.
enum FakeProviders {
    static func run() async throws {
        // Of two there is a second, behind Parley, that repeats what it heard, so that a test knows what came through.
        try await withFakeOllama { ollama in
            try await withFakeOllama { repeatingOllama in
                try await withFakeOpenAI { openAI in
                    try await withFakeGemini { gemini in
                        try await withFakeGemini { repeatingGemini in
                            try await obey([
                                "ollama itself": Director(.ollama, ollama),
                                "ollama": Director(.ollama, repeatingOllama, model: OllamaModel.answer),
                                "openai": Director(.openai, openAI),
                                "gemini itself": Director(.gemini, gemini),
                                "gemini": Director(.gemini, repeatingGemini, model: GeminiModel.answer),
                            ])
                        }
                    }
                }
            }
        }
    }

    private static func obey(_ directors: [String: Director]) async throws {
        try write(directors.mapValues(\.url))
        for await line in StandardInput.lines { try write(answer(line, directors)) }
    }

    private static func answer(_ line: String, _ directors: [String: Director]) -> Report {
        do {
            let command = try JSONDecoder().decode(Command.self, from: Data(line.utf8))
            guard let director = directors[command.server] else {
                return Report(fault: "There is no server \(command.server).")
            }
            guard let answers = command.answers else {
                return Report(requests: director.requests(holding: command.holding).map(Report.Request.init))
            }
            director.expect(command.holding, answers)
            return Report()
        } catch {
            return Report(fault: "The line cannot be read: \(error)")
        }
    }

    private static func write(_ value: some Encodable) throws {
        let line = try JSONEncoder().encode(value) + Data("\n".utf8)
        try FileHandle.standardOutput.write(contentsOf: line)
    }
}
