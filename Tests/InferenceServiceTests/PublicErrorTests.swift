import Bus
import Contracts
import Foundation
import InferenceService
import ServiceKit
import TestSupport
import Testing

/// What callers see of addresses and credentials when a provider fails.
@Suite(.timeLimit(.minutes(5))) struct PublicErrorTests {
    private func expectNoAddress(_ fault: Fault?, _ name: String, _ url: String) {
        let message = fault?.message ?? ""
        #expect(fault != nil && message.lowercased().contains(name), "\(message)")
        let port = url.split(separator: ":").last.map(String.init) ?? url
        for word in ["127.0.0.1", "http://", "localhost", port] { #expect(!message.contains(word), "\(message)") }
    }

    @Test func `errors of an unreachable provider name it without its address`() async throws {
        let url = try await unreachableURL()
        let settings = [
            "OLLAMA_BASE_URL": url, "GEMINI_BASE_URL": url, "OPENAI_BASE_URL": url + "/v1",
            "OPENAI_API_KEY": "sk-test-key",
        ]
        try await withInference(settings) { bus in
            for (model, name) in [("ollama/x", "ollama"), ("gemini/x", "gemini"), ("openai/x", "openai")] {
                let fault = try await bus.outcome(question(model: model)).fault
                expectNoAddress(fault, name, url)
                #expect(fault?.attempts?.isEmpty == false)
                let embed = Inference.Embed(model: model, input: ["a"])
                let other = await #expect(throws: Fault.self) { try await bus.call(embed, CallContext()) }
                expectNoAddress(other, name, url)
            }
            let shown = await #expect(throws: Fault.self) {
                try await bus.call(Models.Show(model: "ollama/x"), CallContext())
            }
            expectNoAddress(shown, "ollama", url)
            let deleted = await #expect(throws: Fault.self) {
                try await bus.call(Models.Delete(model: "ollama/x"), CallContext())
            }
            expectNoAddress(deleted, "ollama", url)
            try await eventually {
                let reports = try await bus.call(Models.List(), CallContext())
                return reports.filter { $0.fault != nil }.count == 3
            }
            for report in try await bus.call(Models.List(), CallContext()) where report.fault != nil {
                expectNoAddress(report.fault, report.name, url)
                // Administrators see the address apart from the message.
                #expect(report.address?.hasPrefix(url) == true)
            }
            let job = try await bus.call(Models.Pull(model: "ollama/x"), CallContext()).job
            for try await state in try await bus.stream(Models.FollowPull(id: job.id), CallContext())
            where state.fault != nil {
                expectNoAddress(state.fault, "ollama", url)
            }
        }
    }

    @Test func `a provider's own text is redacted in answers, streams and jobs`() async throws {
        let text = "proxy http://root:hunter2@10.0.0.5:8000/v1 (sk-test-key) failed at /srv/app/main.py"
        let hidden = ["10.0.0.5", "8000", "hunter2", "sk-test-key", "/srv"]
        try await withFakeOpenAI { openAI in
            try await withFakeOllama { ollama in
                let settings = [
                    "OLLAMA_BASE_URL": ollama.url, "OPENAI_BASE_URL": openAI.url + "/v1",
                    "OPENAI_API_KEY": "sk-test-key",
                ]
                try await withInference(settings) { bus in
                    for answer in [
                        FakeResponse.openAIError(500, text), .openAIError(400, text),
                        .openAIStream([#"{"error":{"message":"\#(text)"}}"#]),
                    ] {
                        openAI.always(nil, answer)
                        let fault = try await bus.outcome(question(model: "openai/m")).fault
                        #expect(fault?.message.contains("proxy [address]") == true)
                        for word in hidden {
                            #expect(fault?.message.contains(word) == false, "\(fault?.message ?? "")")
                        }
                    }
                    ollama.always(
                        "/api/pull",
                        .chat(lines: [#"{"status":"asking \#(text)"}"#, #"{"error":"\#(text)"}"#])
                    )
                    let job = try await bus.call(Models.Pull(model: "ollama/x"), CallContext()).job
                    for try await state in try await bus.stream(Models.FollowPull(id: job.id), CallContext()) {
                        for word in hidden {
                            #expect(state.fault?.message.contains(word) != true, "\(state.fault?.message ?? "")")
                            #expect(!state.status.contains(word), "\(state.status)")
                        }
                    }
                }
            }
        }
    }

    @Test(arguments: ["sk-a\nb", "sk-a\r", "sk a", "sk-ä", "sk-\u{0}"])
    func `an API key that a header cannot contain stops the start and is not shown`(_ key: String) async throws {
        for name in ["OPENAI_API_KEY", "GEMINI_API_KEY"] {
            let settings = Settings(values: ["BUS_TOKEN": "x", name: "x" + key])
            let fault = await #expect(throws: InvalidSetting.self) {
                _ = try await InferenceService.unit(settings: settings)
            }
            #expect(fault?.message.hasPrefix(name) == true && fault?.message.contains("sk") == false)
        }
    }

    @Test func `a base URL with a password stops the start and is not shown`() async throws {
        try await withTemporaryDirectory { folder in
            let path = folder + "/providers.json"
            let file = #"{"providers":[{"name":"vllm","base_url":"http://me:hunter2@10.0.0.5:8000/v1"}]}"#
            try file.write(toFile: path, atomically: true, encoding: .utf8)
            let settings = Settings(values: ["BUS_TOKEN": "x", "PROVIDERS_FILE": path])
            let fault = await #expect(throws: InvalidSetting.self) {
                _ = try await InferenceService.unit(settings: settings)
            }
            #expect(fault?.message.contains("vllm") == true && fault?.message.contains("hunter2") == false)
        }
    }
}
