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
                try await obey([.ollama: direct(ollama: ollama), .openai: direct(openAI: openAI)])
            }
        }
    }

    private static func direct(openAI server: FakeServer) -> Director {
        let director = Director(.openai, server)
        let fake = FakeOpenAI(models: ["gpt-4o-mini", "text-embedding-3-small"])
        director.direct("/v1/chat/completions", fake.chat)
        director.direct("/v1/embeddings", fake.embeddings)
        return director
    }

    private static func direct(ollama server: FakeServer) -> Director {
        let director = Director(.ollama, server)
        director.direct("/api/chat") { _ in .chat(["Hello"]) }
        return director
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
