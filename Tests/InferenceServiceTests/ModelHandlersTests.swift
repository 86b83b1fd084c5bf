import Bus
import Contracts
import Foundation
import TestSupport
import Testing

@testable import InferenceService

/// Creating, showing and deleting models.
@Suite(.timeLimit(.minutes(5))) struct ModelHandlersTests {
    private static let context = CallContext()
    private static let create = Models.Create(
        model: "ollama/maya",
        from: "ollama/llama3.2",
        system: "You are \"Maya\".\nSay \"\"\"hi\"\"\"",
        template: "{{ .Prompt }}\"",
        parameters: RawJSON(#"{"temperature":0.7,"num_ctx":4096,"stop":["User:","\"x\""],"penalize_newline":false}"#)
    )

    private func end(_ create: Models.Create, _ bus: HTTPBus) async throws -> ModelJob? {
        let begun = try await bus.call(create, Self.context)
        #expect(begun.job.kind == .create)
        var last: ModelJob?
        for try await job in try await bus.stream(Models.FollowPull(id: begun.job.id), Self.context) { last = job }
        return last
    }

    @Test func `a model is created in the current format and listed immediately`() async throws {
        try await withFakeOllama { ollama in
            try await withInference(["OLLAMA_BASE_URL": ollama.url]) { bus in
                let job = try await end(Self.create, bus)
                #expect(job?.state == .completed && job?.model == "ollama/maya")
                let sent = try #require(ollama.requests("/api/create").first?.body)
                let body = try #require(try JSONSerialization.jsonObject(with: Data(sent.utf8)) as? [String: Any])
                #expect(body["model"] as? String == "maya")
                #expect(body["from"] as? String == "llama3.2")
                #expect(body["system"] as? String == Self.create.system)
                #expect(body["modelfile"] == nil)
                let parameters = try #require(body["parameters"] as? [String: Any])
                #expect(parameters["temperature"] as? Double == 0.7)
                #expect(parameters["num_ctx"] as? Int == 4096)
                #expect(parameters["stop"] as? [String] == ["User:", "\"x\""])
                #expect(parameters["penalize_newline"] as? Bool == false)
                let reports = try await bus.call(Models.List(), Self.context)
                #expect(reports.first?.models.map(\.name).contains("ollama/maya:latest") == true)
            }
        }
    }

    @Test(arguments: [
        FakeResponse.error(400, "path or modelfile are required"),
        .chat(lines: [#"{"error":"path or Modelfile are required"}"#]),
    ])
    func `an old Ollama receives the legacy format`(_ refusal: FakeResponse) async throws {
        try await withFakeOllama { ollama in
            ollama.next("/api/create", refusal, .creation)
            try await withInference(["OLLAMA_BASE_URL": ollama.url]) { bus in
                let job = try await end(Self.create, bus)
                #expect(job?.state == .completed)
                let sent = try #require(ollama.requests("/api/create").last?.body)
                let body = try #require(try JSONSerialization.jsonObject(with: Data(sent.utf8)) as? [String: Any])
                #expect(body["name"] as? String == "maya")
                #expect(
                    body["modelfile"] as? String == """
                        FROM llama3.2
                        TEMPLATE \"""{{ .Prompt }}" \"""
                        SYSTEM \"""You are "Maya".
                        Say '''hi'''\"""
                        PARAMETER num_ctx 4096
                        PARAMETER penalize_newline false
                        PARAMETER stop \"""User:\"""
                        PARAMETER stop \"""\"x\" \"""
                        PARAMETER temperature 0.7

                        """
                )
                #expect(ollama.requests("/api/create").count == 2)
            }
        }
    }

    @Test func `an error of Ollama for a Modelfile fails the job`() async throws {
        try await withFakeOllama { ollama in
            ollama.always("/api/create", .error(400, "unknown parameter 'temparature'"))
            try await withInference(["OLLAMA_BASE_URL": ollama.url]) { bus in
                let job = try await end(Models.Create(model: "a", from: "b"), bus)
                #expect(job?.state == .failed)
                #expect(job?.fault?.code == .rejected)
                #expect(job?.fault?.message.contains("temparature") == true)
                #expect(ollama.requests("/api/create").count == 1)
            }
        }
    }

    @Test func `different Modelfiles for one name conflict, and equal ones join`() async throws {
        try await withFakeOllama { ollama in
            ollama.always("/api/create", FakeResponse.creation.cut(after: FakeResponse.creation.headLength, .stall))
            try await withInference(["OLLAMA_BASE_URL": ollama.url]) { bus in
                let first = try await bus.call(Models.Create(model: "a", from: "b"), Self.context)
                let same = try await bus.call(Models.Create(model: "a:latest", from: "b"), Self.context)
                #expect(first.isNew && !same.isNew && same.job.id == first.job.id)
                let other = Models.Create(model: "a", from: "c")
                await #expect { try await bus.call(other, Self.context) } throws: { ($0 as? Fault)?.code == .conflict }
                // A pull of the same name is another job.
                let pull = try await bus.call(Models.Pull(model: "a"), Self.context)
                #expect(pull.isNew)
            }
        }
    }

    @Test(arguments: [
        "5", "[]", "\"x\"", #"{"a":{"b":1}}"#, #"{"a":null}"#, #"{"a":[1]}"#, #"{"A":1}"#, #"{"a b":1}"#,
        #"{"a\nFROM x":1}"#,
        #"{"":1}"#,
    ])
    func `invalid parameters are rejected`(_ parameters: String) {
        #expect(throws: Fault.self) {
            try Modelfile(model: "a", base: "b", system: nil, template: nil, parameters: RawJSON(parameters))
        }
    }

    @Test func `a text that is too long or contains NUL is rejected`() {
        for system in [String(repeating: "x", count: 65_537), "a\u{0}b"] {
            #expect(throws: Fault.self) {
                try Modelfile(model: "a", base: "b", system: system, template: nil, parameters: nil)
            }
        }
    }

    @Test func `a deleted model is no longer listed`() async throws {
        try await withFakeOllama { ollama in
            try await withInference(["OLLAMA_BASE_URL": ollama.url]) { bus in
                _ = try await bus.call(Models.Delete(model: "ollama/llama3.2"), Self.context)
                let request = try #require(ollama.requests("/api/delete").first)
                #expect(request.method == "DELETE")
                let reports = try await bus.call(Models.List(), Self.context)
                #expect(reports.first?.models.isEmpty == true)
                await #expect { try await bus.call(Models.Delete(model: "ollama/llama3.2"), Self.context) } throws: {
                    ($0 as? Fault)?.code == .missing
                }
                await #expect { try await bus.call(Models.Show(model: "ollama/llama3.2"), Self.context) } throws: {
                    ($0 as? Fault)?.code == .missing
                }
            }
        }
    }

    @Test func `a model is shown with all known properties`() async throws {
        try await withFakeOllama { ollama in
            ollama.always(
                "/api/show",
                .show(window: 131_072, capabilities: ["completion", "thinking"], system: "You are Maya.")
            )
            try await withInference(["OLLAMA_BASE_URL": ollama.url]) { bus in
                let shown = try await bus.call(Models.Show(model: "ollama/llama3.2:latest"), Self.context)
                #expect(shown.model.name == "ollama/llama3.2:latest")
                #expect(shown.model.window == 8192 && shown.fullWindow == 131_072)
                #expect(shown.model.abilities == [.chat, .reasoning])
                #expect(shown.family == "llama" && shown.size == "3.2B" && shown.quantization == "Q4_K_M")
                #expect(shown.system == "You are Maya." && shown.template == "{{ .Prompt }}")
                #expect(shown.parameters?.hasPrefix("stop") == true)
                let demo = try await bus.call(Models.Show(model: "demo/demo"), Self.context)
                #expect(demo.model.note?.contains("demo") == true && demo.fullWindow == nil)
            }
        }
    }
}
