import Bus
import Contracts
import HTTP
import TestSupport
import Testing

@testable import InferenceService

/// From a requested name to its targets.
@Suite(.timeLimit(.minutes(5))) struct TargetResolverTests {
    private func routing(
        _ url: String,
        dialect: FakeDialect = .ollama,
        fallbacks: [String: [String]] = [:],
        plan: TargetPlan = TargetPlan(),
        prices: [String: Model.Price] = [:]
    ) throws -> (routing: Routing, catalogue: Catalogue) {
        let client = HTTPClient(configuration: HTTPClient.Configuration(connectTimeout: .seconds(20)))
        let providers: [any Provider] = [try dialect.provider(at: url, client: client), DemoProvider(pace: .zero)]
        let prices = PriceList(prices)
        let catalogue = Catalogue(providers: providers, defaultModel: nil, prices: prices)
        let runtimes = providers.map {
            ProviderRuntime(provider: $0, limits: GenerationTimeouts(), concurrency: 8, queueLimit: 8)
        }
        let routing = Routing(
            catalogue: catalogue,
            runtimes: runtimes,
            fallbacks: fallbacks,
            plan: plan,
            prices: prices,
            retries: RetryPolicy(limit: 0)
        )
        return (routing, catalogue)
    }

    private func names(_ routing: Routing, _ name: String?, needs: [Model.Ability] = [.chat]) async throws -> [String] {
        try await routing.targets(for: name, needs: needs, session: nil).targets.map(\.name)
    }

    @Test(arguments: ["ollama/mine", "ollama/mine:latest", "mine", "mine:latest"])
    func `an Ollama name finds its fallbacks and its price with and without its tag`(_ key: String) async throws {
        let price = Model.Price(prompt: 1, completion: 2)
        let (routing, _) = try routing(
            try await unreachableURL(),
            fallbacks: [key: ["demo/demo"]],
            prices: [key: price]
        )
        for name in ["ollama/mine", "ollama/mine:latest"] {
            let targets = try await routing.targets(for: name, needs: [.chat], session: nil).targets
            #expect(targets.map(\.key) == ["ollama/mine:latest", "demo/demo"])
            #expect(targets.map(\.name) == [name, "demo/demo"], "The server gets the name as it was asked for.")
            #expect(targets.first?.price == price)
            #expect(targets.first?.isFree == false)
        }
    }

    @Test func `a listed name, a tagged one and a bare one are the same target`() async throws {
        try await withFakeOllama { ollama in
            let (routing, catalogue) = try routing(ollama.url, fallbacks: ["llama3.2": ["demo/demo"]])
            await catalogue.refresh()
            for name in ["ollama/llama3.2", "ollama/llama3.2:latest", "llama3.2", "llama3.2:latest"] {
                #expect(try await names(routing, name) == ["ollama/llama3.2:latest", "demo/demo"])
            }
        }
    }

    @Test func `a bare name whose provider never answered still has its fallbacks`() async throws {
        let url = try await unreachableURL()
        for key in ["openai/mine", "mine"] {
            let (routing, catalogue) = try routing(url, dialect: .openAI, fallbacks: [key: ["demo/demo"]])
            await catalogue.refresh()
            let outcome = try await routing.outcome(question(model: "mine"))
            #expect(outcome.finish?.model == "demo/demo")
            let whole = try await routing.complete(GenerationRequest(question(model: "mine")), CallContext())
            #expect(whole.finish.model == "demo/demo")
        }
        let (routing, catalogue) = try routing(url, dialect: .openAI, fallbacks: ["mine": ["demo/none"]])
        await catalogue.refresh()
        let outcome = try await routing.outcome(question(model: "mine"))
        #expect(outcome.fault?.code == .unavailable, "The requested model's fault is reported.")
        #expect(try await routing.outcome(question(model: "other")).fault?.code == .unavailable)
    }

    @Test func `a target without a needed ability is left out`() async throws {
        try await withFakeOllama { ollama in
            let (routing, catalogue) = try routing(
                ollama.url,
                fallbacks: ["demo/hash-embedding": ["demo/demo"], "demo/demo": ["demo/hash-embedding"]]
            )
            await catalogue.refresh()
            #expect(try await names(routing, "demo/hash-embedding") == ["demo/demo"])
            #expect(try await names(routing, "demo/demo") == ["demo/demo"])
            await #expect(throws: Fault.self) { try await names(routing, "demo/demo", needs: [.chat, .audio]) }
        }
    }

    @Test func `an alias stands for its groups, and then its fallbacks`() async throws {
        try await withFakeOllama { ollama in
            let plan = TargetPlan(aliases: [
                "fast": [
                    TargetGroup([Target(server: "ollama", model: "llama3.2", weight: 2)]),
                    TargetGroup([Target(server: "nowhere", model: "x")]),
                ]
            ])
            let (routing, catalogue) = try routing(ollama.url, fallbacks: ["fast": ["demo/demo"]], plan: plan)
            await catalogue.refresh()
            let targets = try await routing.targets(for: "fast", needs: [.chat], session: nil).targets
            #expect(targets.map(\.name) == ["ollama/llama3.2:latest", "demo/demo"])
            #expect(targets.first?.weight == 2)
            #expect(targets.first?.isListed == true)
            #expect(targets.first?.isFree == true)
            let outcome = try await routing.outcome(question(model: "fast"))
            #expect(outcome.finish?.model == "ollama/llama3.2:latest")
            #expect(try await routing.find("fast").name == "fast", "Later requests name the alias, too.")
        }
    }

    @Test func `requests for the default model at the start share one refresh`() async throws {
        try await withFakeOpenAI { server in
            let (routing, _) = try routing(server.url, dialect: .openAI)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<20 { group.addTask { _ = try await routing.outcome(question(model: nil)) } }
                try await group.waitForAll()
            }
            #expect(server.requests("/v1/models").count == 1)
        }
    }
}
