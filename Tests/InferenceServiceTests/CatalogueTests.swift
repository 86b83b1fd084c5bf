import Contracts
import TestSupport
import Testing

@testable import InferenceService

@Suite(.timeLimit(.minutes(5))) struct CatalogueTests {
    @Test func `Ollama's models are listed with the requested context windows`() async throws {
        try await withFakeOllama { ollama in
            ollama.always("/api/tags", .tags(["small:1b", "no\u{200B}name:1b", "big"]))
            ollama.next("/api/show", .show(window: 2048), .show(window: 40_960))
            let catalogue = try routing(to: ollama.url).catalogue
            await catalogue.refresh()
            let models = catalogue.reports.first?.models
            let abilities: [Model.Ability] = [.chat, .tools]
            #expect(
                models == [
                    Model(name: "ollama/small:1b", window: 2048, abilities: abilities),
                    Model(name: "ollama/big", window: 8192, abilities: abilities),
                ]
            )
            #expect(catalogue.reports.map(\.name) == ["ollama", "demo"])
            #expect(catalogue.reports.first?.address == ollama.url)
        }
    }

    @Test(arguments: ["", "[]", "{\"models\":5}", "{\"models\":[{}]}", "<html>"])
    func `an invalid list is an error and not a crash`(_ body: String) async throws {
        try await withFakeOllama { ollama in
            ollama.always("/api/tags", .json(200, body))
            let catalogue = try routing(to: ollama.url).catalogue
            await catalogue.refresh()
            #expect(catalogue.reports.first?.fault?.code == .provider)
            await #expect { try await catalogue.find(nil) } throws: { error in
                (error as? Fault)?.code == .unavailable && (error as? Fault)?.message.contains("ollama") == true
            }
            #expect(try await catalogue.find("demo").name == "demo/demo")
        }
    }

    @Test func `the first request waits for the first refresh`() async throws {
        try await withFakeOllama { ollama in
            let (routing, _) = try routing(to: ollama.url)
            #expect(try await routing.outcome(question(model: nil)).finish?.model == "ollama/llama3.2:latest")
        }
    }

    @Test func `the default model need not be listed`() async throws {
        try await withFakeOllama { ollama in
            ollama.always("/api/tags", .error(500, "broken"))
            let (routing, catalogue) = try routing(to: ollama.url, defaultModel: "ollama/special:7b")
            let model = try await catalogue.find(nil)
            #expect(model == Model(name: "ollama/special:7b", window: 8192, abilities: [.chat, .tools]))
            #expect(try await routing.outcome(question(model: nil)).finish?.model == "ollama/special:7b")
        }
        let (_, catalogue) = try routing(to: try await unreachableURL(), windowLimit: 1024, defaultModel: "ollama/x")
        #expect(try await catalogue.find(nil) == Model(name: "ollama/x", window: 1024))
    }

    @Test func `a model that Ollama does not have is not found`() async throws {
        try await withFakeOllama { ollama in
            ollama.always("/api/show", .error(404, "model 'x' not found"))
            let catalogue = try routing(to: ollama.url).catalogue
            await #expect { _ = try await catalogue.find("ollama/x") } throws: { ($0 as? Fault)?.code == .missing }
        }
    }

    @Test func `Ollama is found when it becomes available`() async throws {
        try await withFakeOllama { ollama in
            ollama.next("/api/tags", .error(503, "starting"))
            let catalogue = try routing(to: ollama.url, isConfigured: false).catalogue
            #expect(try await catalogue.find(nil).name == "demo/demo")
            await catalogue.refresh()
            #expect(try await catalogue.find(nil).name == "ollama/llama3.2:latest")
            ollama.always("/api/tags", .error(503, "gone"))
            await catalogue.refresh()
            #expect(try await catalogue.find(nil).name == "ollama/llama3.2:latest")
            for _ in 0..<3 { await catalogue.refresh() }
            #expect(try await catalogue.find(nil).name == "demo/demo")
            #expect(try await catalogue.find("llama3.2").name == "ollama/llama3.2:latest")
        }
    }

    @Test func `a context window is requested again after the model changes`() async throws {
        try await withFakeOllama { ollama in
            let catalogue = try routing(to: ollama.url).catalogue
            ollama.always("/api/show", .show(window: 1000))
            ollama.always("/api/tags", .json(200, #"{"models":[{"name":"m:latest","digest":"1"}]}"#))
            await catalogue.refresh()
            #expect(try await catalogue.find("m").window == 1000)
            ollama.always("/api/show", .show(window: 2000))
            #expect(try await catalogue.find("m").window == 1000)
            ollama.always("/api/tags", .json(200, #"{"models":[{"name":"m:latest","digest":"2"}]}"#))
            await catalogue.refresh()
            #expect(try await catalogue.find("m").window == 2000)
        }
    }
}
