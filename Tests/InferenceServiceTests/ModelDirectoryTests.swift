import Contracts
import HTTP
import Testing

@testable import InferenceService

@Suite struct ModelDirectoryTests {
    private let down = Fault(.unavailable, "Ollama cannot be reached.")

    private func directory(
        isConfigured: Bool = true,
        ollama: Result<[String], Fault>? = .success(["llama3.2:latest", "qwen3"])
    )
        throws -> ModelDirectory
    {
        let provider = try OllamaProvider(
            url: "http://127.0.0.1:1",
            isConfigured: isConfigured,
            windowLimit: 8192,
            client: HTTPClient()
        )
        var directory = ModelDirectory([provider, DemoProvider()])
        directory.update("demo", with: .success([Model(name: "demo/demo", window: 8192)]))
        if let ollama {
            directory.update("ollama", with: ollama.map { $0.map { Model(name: "ollama/\($0)", window: 4096) } })
        }
        return directory
    }

    @Test(arguments: [
        ("ollama/llama3.2", "ollama/llama3.2:latest"), ("llama3.2", "ollama/llama3.2:latest"),
        ("llama3.2:latest", "ollama/llama3.2:latest"), ("qwen3", "ollama/qwen3"), ("qwen3:latest", "ollama/qwen3"),
        ("demo", "demo/demo"), ("demo/demo", "demo/demo"), ("ollama/unlisted:7b", "ollama/unlisted:7b"),
        ("ollama/ns/model", "ollama/ns/model"),
    ])
    func `a name resolves to its route`(_ name: String, _ wanted: String) throws {
        #expect(try directory().route(name).name == wanted)
    }

    @Test func `a model on another host is rejected`() throws {
        let directory = try directory()
        #expect { try directory.route("ollama/evil.example/ns/model") } throws: { ($0 as? Fault)?.code == .invalid }
    }

    @Test func `an unknown name without provider is not found, and the error lists known models`() throws {
        let directory = try directory()
        #expect { try directory.route("gpt-5") } throws: { error in
            (error as? Fault)?.code == .missing && (error as? Fault)?.message.contains("demo/demo") == true
        }
    }

    @Test func `the last known list is kept while a provider is unavailable`() throws {
        var directory = try directory()
        directory.update("ollama", with: .failure(down))
        #expect(try directory.route("llama3.2").name == "ollama/llama3.2:latest")
        #expect(directory.reports.first?.fault == down)
        #expect(directory.reports.first?.models.count == 2)
    }

    @Test func `a name without provider needs a list of models`() throws {
        let directory = try directory(ollama: .failure(down))
        #expect { try directory.route("llama3.2") } throws: { ($0 as? Fault)?.code == .unavailable }
        #expect(try directory.route("ollama/llama3.2").name == "ollama/llama3.2")
    }

    @Test func `a provider that is not configured is listed only while it is reachable`() throws {
        #expect(try directory(isConfigured: false, ollama: nil).reports.map(\.name) == ["demo"])
        #expect(try directory(isConfigured: false, ollama: .failure(down)).reports.map(\.name) == ["demo"])
        #expect(try directory(isConfigured: false).reports.map(\.name) == ["ollama", "demo"])
        #expect(try directory(ollama: .failure(down)).reports.map(\.name) == ["ollama", "demo"])
    }
}
