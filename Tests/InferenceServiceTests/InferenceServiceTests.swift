import Bus
import Contracts
import InferenceService
import ServiceKit
import TestSupport
import Testing

/// The service over the bus, on real sockets.
@Suite(.timeLimit(.minutes(5))) struct InferenceServiceTests {
    @Test func `without configuration the built-in model answers`() async throws {
        try await withInference { bus in
            let outcome = try await bus.outcome(question("What is the meaning of life?", model: nil))
            #expect(outcome.fault == nil)
            #expect(outcome.text.contains("built-in demo model, speaking as Maya"))
            #expect(outcome.finish?.model == "demo/demo")
            let model = try await bus.call(Models.Find(name: nil), CallContext())
            #expect(model.name == "demo/demo" && model.window == 8192)
        }
    }

    @Test func `with Ollama configured, Ollama answers`() async throws {
        try await withFakeOllama { ollama in
            try await withInference(["OLLAMA_BASE_URL": ollama.url + "/", "OLLAMA_NUM_CTX": "1234"]) { bus in
                let outcome = try await bus.outcome(question(model: nil))
                #expect(outcome.text == "Hello from the fake.")
                #expect(outcome.finish?.model == "ollama/llama3.2:latest")
                #expect(ollama.requests("/api/chat").first?.body.contains("\"num_ctx\":1234") == true)
                try await eventually {
                    let reports = try await bus.call(Models.List(), CallContext())
                    let abilities: [Model.Ability] = [.chat, .tools]
                    return reports.first?.models
                        == [Model(name: "ollama/llama3.2:latest", window: 1234, abilities: abilities)]
                }
            }
        }
    }

    @Test func `an unavailable provider is reported with its error`() async throws {
        try await withInference { bus in
            try await eventually {
                let reports = try await bus.call(Models.List(), CallContext())
                return reports.map(\.name) == ["ollama", "demo"] && reports.first?.fault?.code == .unavailable
            }
            let fault = try await bus.outcome(question(model: "ollama/llama3.2")).fault
            #expect(fault?.code == .unavailable)
        }
    }

    @Test func `an error within the stream reaches the caller`() async throws {
        try await withFakeOllama { ollama in
            ollama.next(
                "/api/chat",
                .chat(["Hel", "lo"], doneReason: nil),
                .chat(lines: FakeResponse.chatLines(["Hel"], nil) + [#"{"error":"out of memory"}"#])
            )
            try await withInference(["OLLAMA_BASE_URL": ollama.url]) { bus in
                let cut = try await bus.outcome()
                #expect(cut.text == "Hello")
                #expect(cut.fault?.code == .cut)
                let failed = try await bus.outcome()
                #expect(failed.text == "Hel")
                #expect(failed.fault?.code == .provider)
            }
        }
    }

    @Test func `an invalid request is rejected with the reason`() async throws {
        try await withInference { bus in
            let wrong = [
                Inference.Generate(model: "demo", messages: []),
                question(model: "../etc"), question(model: "demo", options: .init(maxTokens: 0)),
                question(model: "demo", options: .init(maxTokens: .max)),
                question(model: "demo", options: .init(temperature: 5)),
                question(model: "demo", options: .init(stop: [""])),
                question(model: "demo", options: .init(stop: Array(repeating: "x", count: 17))),
            ]
            for request in wrong {
                let fault = try await bus.outcome(request).fault
                #expect(fault?.code == .invalid)
                #expect(fault?.message.hasSuffix(".") == true)
            }
            #expect(try await bus.outcome(question(model: "gpt-5")).fault?.code == .unavailable)
        }
    }

    @Test func `every provider answers instructions alone`() async throws {
        try await withFakeOllama { ollama in
            try await withFakeGemini { gemini in
                try await withFakeOpenAI { openAI in
                    let settings = [
                        "OLLAMA_BASE_URL": ollama.url, "GEMINI_BASE_URL": gemini.url, "GEMINI_API_KEY": "a-key",
                        "OPENAI_BASE_URL": openAI.url + "/v1", "OPENAI_API_KEY": "sk-a-key",
                    ]
                    try await withInference(settings) { bus in
                        for model in ["ollama/llama3.2", "gemini/gemini-2.5-flash", "openai/gpt-4o-mini", "demo/demo"] {
                            let system = Inference.Message(role: .system, content: "You are Maya, a cook. Greet me.")
                            let request = Inference.Generate(model: model, messages: [system])
                            let outcome = try await bus.outcome(request)
                            #expect(outcome.fault == nil, "\(model)")
                            #expect(!outcome.text.isEmpty, "\(model)")
                        }
                    }
                }
            }
        }
    }

    @Test func `concurrent generations each get their own answer`() async throws {
        try await withFakeOllama { ollama in
            try await withInference(["OLLAMA_BASE_URL": ollama.url]) { bus in
                ollama.always("/api/chat", .chat((0..<50).map { "word\($0) " }))
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<100 {
                        group.addTask {
                            let outcome = try await bus.outcome()
                            #expect(outcome.text == (0..<50).map { "word\($0) " }.joined())
                            #expect(outcome.finish != nil)
                        }
                    }
                    try await group.waitForAll()
                }
                #expect(ollama.requests("/api/chat").count == 100)
            }
        }
    }

    @Test(arguments: [
        ("OLLAMA_BASE_URL", "ftp://x"), ("OLLAMA_BASE_URL", "http://a,http://b"), ("OLLAMA_NUM_CTX", "many"),
        ("GEMINI_BASE_URL", "x"), ("GEMINI_API_VERSION", "v2"), ("OLLAMA_NUM_CTX", "0"),
        ("DEFAULT_MODEL", "a/../b"), ("FIRST_TOKEN_TIMEOUT", "soon"),
        ("RUN_TIMEOUT", "0s"),
        ("PROVIDER_CONCURRENCY", "0"), ("PROVIDER_QUEUE", "-1"), ("PROVIDER_EVENT_LIMIT", "1"),
        ("CONNECT_TIMEOUT", "5"), ("INFERENCE_PORT", "70000"),
    ])
    func `an invalid setting stops the start with a message that names it`(_ name: String, _ value: String) async throws
    {
        do {
            _ = try await InferenceService.unit(settings: Settings(values: ["BUS_TOKEN": "x", name: value]))
            Issue.record("\(name)=\(value) was taken.")
        } catch let fault as InvalidSetting {
            #expect(fault.message.contains(name))
            #expect(fault.message.hasSuffix("."))
        }
    }
}
