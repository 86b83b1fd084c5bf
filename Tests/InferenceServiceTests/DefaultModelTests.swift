import Bus
import Contracts
import HTTP
import TestSupport
import Testing

@testable import InferenceService

/// The model for requests that name none.
@Suite(.timeLimit(.minutes(5))) struct DefaultModelTests {
    private func models(_ names: String...) -> Result<[Model], Fault> {
        .success(names.map { Model(name: $0, window: 100) })
    }

    private let down = Fault(.unavailable, "It cannot be reached.")

    private func directory(isConfigured: Bool = true) throws -> ModelDirectory {
        let ollama = try OllamaProvider(
            url: "http://127.0.0.1:1",
            isConfigured: isConfigured,
            windowLimit: 8192,
            client: .init()
        )
        let openAI = try OpenAIProvider(
            name: "openai",
            url: "http://127.0.0.1:1/v1",
            setting: "x",
            credential: nil,
            client: .init()
        )
        var directory = ModelDirectory([ollama, openAI, DemoProvider()])
        directory.update("demo", with: models("demo/demo"))
        return directory
    }

    private func name(_ route: ModelDirectory.DefaultRoute) -> String {
        switch route {
        case .route(let route): route.name
        case .waiting(let provider): "waiting for \(provider)"
        case .unavailable(let fault): fault.message
        }
    }

    @Test func `a configured provider whose list fails is waited for and never replaced`() throws {
        var directory = try directory()
        directory.update("openai", with: models("openai/gpt-4o"))
        #expect(name(directory.defaultRoute()) == "waiting for ollama")
        directory.update("ollama", with: .failure(down))
        let reason = name(directory.defaultRoute())
        #expect(reason.contains("ollama") && reason.contains("It cannot be reached."))
        directory.update("ollama", with: models("ollama/b", "ollama/a"))
        #expect(name(directory.defaultRoute()) == "ollama/a")
        directory.update("ollama", with: .failure(down))
        #expect(name(directory.defaultRoute()) == "ollama/a")
    }

    @Test func `the choice does not follow the list, and stays until the model has gone`() throws {
        var directory = try directory()
        directory.update("openai", with: models("openai/gpt-4o"))
        directory.update("ollama", with: models("ollama/m", "ollama/z", "ollama/embed-a"))
        #expect(name(directory.defaultRoute()) == "ollama/m")
        directory.update("ollama", with: models("ollama/a", "ollama/z", "ollama/m"))
        #expect(name(directory.defaultRoute()) == "ollama/m")
        directory.update("ollama", with: models("ollama/z", "ollama/b"))
        #expect(name(directory.defaultRoute()) == "ollama/b")
        directory.update("ollama", with: models())
        #expect(name(directory.defaultRoute()) == "openai/gpt-4o")
    }

    @Test func `a configured provider comes before one that is only reachable`() throws {
        var directory = try directory(isConfigured: false)
        directory.update("ollama", with: models("ollama/a"))
        #expect(name(directory.defaultRoute()) == "waiting for openai")
        directory.update("openai", with: models())
        #expect(name(directory.defaultRoute()) == "ollama/a")
        for _ in 0..<2 { directory.update("ollama", with: .failure(down)) }
        #expect(name(directory.defaultRoute()) == "ollama/a")
        directory.update("ollama", with: .failure(down))
        #expect(name(directory.defaultRoute()) == "demo/demo")
    }

    @Test(arguments: [
        (["x/whisper-1", "x/tts-1", "x/gpt-4o-mini", "x/babbage"], "x/gpt-4o-mini"),
        (["x/text-embedding-3-small", "x/dall-e-3", "x/b", "x/a"], "x/a"), (["x/embed-only"], "x/embed-only"),
    ])
    func `a preferred model is first, and those for other uses are last`(_ names: [String], _ wanted: String) {
        let models = names.map { Model(name: $0, window: 1) }
        #expect(ModelPreference.choose(models, preferred: ["gpt-4o-mini"], provider: "x")?.name == wanted)
        #expect(
            ModelPreference.choose(models.reversed(), preferred: ["gpt-4o-mini"], provider: "x")?.name == wanted
        )
    }

    @Test func `a bare name is found while the service starts, with one list for all requests`() async throws {
        try await withFakeOllama { ollama in
            let (routing, _) = try routing(to: ollama.url)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<50 {
                    group.addTask {
                        let outcome = try await routing.outcome(question(model: "llama3.2"))
                        #expect(outcome.fault == nil)
                    }
                }
                try await group.waitForAll()
            }
            #expect(ollama.requests("/api/tags").count == 1)
        }
    }
}
