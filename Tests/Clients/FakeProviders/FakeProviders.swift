import Foundation
import TestSupport

/// The servers that our providers are tested with, for clients in other languages to judge and to stand behind Parley.
///
/// Writes their addresses as one line of JSON, answers each line of the standard input (``Command``) with one
/// (``Report``), and ends when the input does.
enum FakeProviders {
    static func run() async throws {
        try await withFakeOllama { ollama in
            try await withFakeOpenAI { openAI in
                OllamaModel().speak(at: ollama)
                try await obey([.ollama: Director(.ollama, ollama), .openai: Director(.openai, openAI)])
            }
        }
    }

    private static func obey(_ directors: [Dialect: Director]) async throws {
        try write(Dictionary(uniqueKeysWithValues: directors.map { ($0.key.rawValue, $0.value.url) }))
        for await line in StandardInput.lines { try write(answer(line, directors)) }
    }

    private static func answer(_ line: String, _ directors: [Dialect: Director]) -> Report {
        do {
            let command = try JSONDecoder().decode(Command.self, from: Data(line.utf8))
            guard let director = Dialect(rawValue: command.server).flatMap({ directors[$0] }) else {
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
