import Bus
import Contracts
import Foundation
import ServiceKit
import TestSupport
import Testing

@testable import InferenceService

/// Servers of `PROVIDERS_FILE`, each kind on a real socket.
@Suite(.timeLimit(.minutes(5))) struct ServersTests {
    @Test func `Azure's deployments have paths, a version and a key of their own`() async throws {
        let deployment = "/openai/deployments/gpt-4o%20mini/chat/completions"
        let scripts: [String: @Sendable (FakeRequest) -> FakeResponse] = [
            deployment: { _ in
                .openAIStream(text: ["Hi"])
            },
            "*": { _ in .openAIError(404, "Resource not found") },
        ]
        try await withFakeServer(mainPath: deployment, scripts: scripts) { azure in
            let file = """
                {"providers": [{"name": "cloud", "kind": "azure", "base_url": "\(azure.url)", "api_key_env": "AZURE_KEY",
                  "api_version": "2024-10-21", "query": {"tag": "a b"}, "models": ["gpt-4o mini"]}]}
                """
            try await withInference(file: file, ["AZURE_KEY": "azure-key-1"]) { bus in
                let options = Inference.Options(maxTokens: 5)
                let outcome = try await bus.outcome(question(model: "cloud/gpt-4o mini", options: options))
                #expect(outcome.text == "Hi" && outcome.fault == nil)
                let request = try #require(azure.requests().first)
                #expect(request.path == deployment)
                #expect(request.query == "api-version=2024-10-21&tag=a%20b")
                #expect(request.headers["api-key"] == "azure-key-1")
                #expect(request.headers["authorization"] == nil)
                #expect(request.body.contains(#""max_completion_tokens":5"#))
            }
        }
    }

    @Test func `Azure's newer form is OpenAI's with another header`() async throws {
        let path = "/openai/v1/chat/completions"
        let answer: @Sendable (FakeRequest) -> FakeResponse = { _ in
            .openAIStream(text: ["Hi"])
        }
        try await withFakeServer(mainPath: path, scripts: [path: answer]) { azure in
            let file = """
                {"providers": [{"name": "cloud", "kind": "azure", "base_url": "\(azure.url)/openai/v1/",
                  "api_key_env": "AZURE_KEY", "models": ["dep"]}]}
                """
            try await withInference(file: file, ["AZURE_KEY": "azure-key-1"]) { bus in
                let answer = try await bus.outcome(question(model: "cloud/dep"))
                #expect(answer.text == "Hi")
                let request = try #require(azure.requests(path).first)
                #expect(request.query.isEmpty && request.headers["api-key"] == "azure-key-1")
            }
        }
    }

    @Test func `two Ollamas have models and jobs of their own, one behind a login`() async throws {
        try await withFakeOllama { first in
            try await withFakeOllama { second in
                second.always("/api/tags", .tags(["special:7b"]))
                let file = """
                    {"providers": [{"name": "gpu", "kind": "ollama", "base_url": "\(second.url)",
                      "basic_auth_env": "GPU_LOGIN", "headers": {"x-team": "a", "x-token": {"env": "GPU_TOKEN"}}}]}
                    """
                let settings = [
                    "OLLAMA_BASE_URL": first.url, "OLLAMA_API_KEY": "ollama-key",
                    "GPU_LOGIN": "ann:secret", "GPU_TOKEN": "token-1",
                ]
                try await withInference(file: file, settings) { bus in
                    let named = try await bus.outcome(question(model: "gpu/special:7b"))
                    #expect(named.finish?.model == "gpu/special:7b")
                    let bare = try await bus.outcome(question(model: "special:7b"))
                    #expect(bare.finish?.model == "gpu/special:7b")
                    #expect(first.requests("/api/chat").isEmpty && second.requests("/api/chat").count == 2)
                    let request = try #require(second.requests("/api/chat").first)
                    #expect(request.headers["authorization"] == "Basic YW5uOnNlY3JldA==")
                    #expect(request.headers["x-team"] == "a" && request.headers["x-token"] == "token-1")
                    #expect(first.requests("/api/tags").first?.headers["authorization"] == "Bearer ollama-key")
                    #expect(first.requests("/api/tags").first?.headers["x-token"] == nil)
                    let job = try await bus.call(Models.Pull(model: "gpu/qwen3"), CallContext()).job
                    #expect(job.model == "gpu/qwen3")
                    for try await _ in try await bus.stream(Models.FollowPull(id: job.id), CallContext()) {}
                    #expect(second.requests("/api/pull").count == 1 && first.requests("/api/pull").isEmpty)
                    _ = try await bus.call(Models.Delete(model: "gpu/llama3.2"), CallContext())
                    #expect(second.requests("/api/delete").count == 1 && first.requests("/api/delete").isEmpty)
                }
            }
        }
    }

    @Test func `requests take turns with the keys, and go on with the next one if a key is refused or spent`()
        async throws
    {
        try await withFakeOpenAI { openAI in
            let spent = FakeResponse.json(
                402,
                #"{"error":{"message":"Insufficient credits","code":"insufficient_credits"}}"#
            )
            let limited = FakeResponse.json(
                429,
                #"{"error":{"message":"Slow down","code":"rate_limit_exceeded"}}"#,
                headers: ["retry-after: 600"]
            )
            let refused = FakeResponse.json(401, #"{"error":{"message":"Incorrect API key"}}"#)
            openAI.amend { request, answer in
                switch request.headers["authorization"] {
                case "Bearer key-one": refused
                case "Bearer key-two": spent
                case "Bearer key-three": limited
                default: answer
                }
            }
            let file = """
                {"providers": [{"name": "pool", "base_url": "\(openAI.url)/v1", "models": ["gpt-4o-mini"],
                  "api_key_env": ["K1", "K2", "K3", "K4"]}]}
                """
            let keys = ["K1": "key-one", "K2": "key-two", "K3": "key-three", "K4": "key-four"]
            try await withInference(file: file, keys) { bus in
                for _ in 0..<5 {
                    let outcome = try await bus.outcome(question(model: "pool/gpt-4o-mini"))
                    #expect(outcome.fault == nil && !outcome.text.isEmpty)
                    #expect(outcome.attempts?.count == 1)
                }
                let used = openAI.requests("/v1/chat/completions").compactMap { $0.headers["authorization"] }
                #expect(used.prefix(4) == ["Bearer key-one", "Bearer key-two", "Bearer key-three", "Bearer key-four"])
                #expect(used.dropFirst(4).allSatisfy { $0 == "Bearer key-four" })
            }
        }
    }

    @Test func `if no key works, the last error is reported, without the keys`() async throws {
        try await withFakeOpenAI { openAI in
            openAI.amend { _, _ in .json(401, #"{"error":{"message":"Incorrect API key provided: key-number-two"}}"#) }
            let file = """
                {"providers": [{"name": "pool", "base_url": "\(openAI.url)/v1", "models": ["m"], "api_key_env": ["K1", "K2"]}]}
                """
            try await withInference(file: file, ["K1": "key-number-one", "K2": "key-number-two"]) { bus in
                let fault = try await bus.outcome(question(model: "pool/m")).fault
                #expect(fault?.code == .upstreamAuth)
                #expect(fault?.message.contains("key-number") == false)
                #expect(openAI.requests("/v1/chat/completions").count == 2)
            }
        }
    }

    @Test(arguments: [
        "/my/llms/Qwen3", "qwen2.5-72b-instruct@4bit", "ft:gpt-3.5-turbo-0613:acme::A1", "a name", "模型?x#y",
    ])
    func `any printable name is listed, answers and goes out unchanged`(_ id: String) async throws {
        try await withFakeOpenAI { openAI in
            openAI.always("/v1/models", .openAIModels([id, "bad\u{200B}name"]))
            openAI.always("/v1/chat/completions", .openAIStream(text: ["Hi"]))
            let file = """
                {"providers": [{"name": "odd", "base_url": "\(openAI.url)/v1"}],
                 "prices": {"odd/\(id)": {"prompt": 1, "completion": 2}}, "fallbacks": {"\(id)": ["demo/demo"]}}
                """
            try await withInference(file: file, ["DEFAULT_MODEL": id]) { bus in
                for name in [id, "odd/\(id)", nil] {
                    let outcome = try await bus.outcome(question(model: name))
                    #expect(outcome.fault == nil)
                    #expect(outcome.finish?.model == "odd/\(id)")
                }
                let bodies = try openAI.requests("/v1/chat/completions").map { try model(in: $0.body) }
                #expect(bodies == [id, id, id])
                let report = try #require(try await bus.call(Models.List(), CallContext()).first { $0.name == "odd" })
                #expect(report.models.map(\.name) == ["odd/\(id)"])
                #expect(report.models.first?.price?.prompt == 1)
                #expect(report.remarks?.first?.contains("`odd/bad�name`") == true)
                let shown = try await bus.call(Models.Find(name: "odd/\(id)"), CallContext())
                #expect(shown.name == "odd/\(id)")
            }
        }
    }

    @Test func `an alias is a model, and unknown names in targets are said with a suggestion`() async throws {
        try await withFakeOpenAI { openAI in
            openAI.always("/v1/models", .openAIModels(["qwen3-8b"]))
            openAI.always("/v1/chat/completions", .openAIStream(text: ["Hi"]))
            let file = """
                {"providers": [{"name": "vllm", "base_url": "\(openAI.url)/v1"}],
                 "targets": {"fast": [{"server": "vllm", "model": "qwen3-8b", "weight": 2, "limits": {"concurrency": 3,
                   "first_token_timeout": "9s"}}, "vllm/qwen3-8bb", "vlm/qwen3-8b"]}}
                """
            try await withInference(file: file, ["OLLAMA_BASE_URL": "", "DEFAULT_MODEL": "fast"]) { bus in
                let byDefault = try await bus.outcome(question(model: nil))
                #expect(byDefault.finish?.model == "vllm/qwen3-8b")
                let direct = try await bus.outcome(question(model: "vllm/qwen3-8b"))
                #expect(direct.fault == nil)
                var report: Models.ProviderReport?
                try await eventually {
                    report = try await bus.call(Models.List(), CallContext()).first { $0.name == "targets" }
                    return report?.remarks?.isEmpty == false
                }
                #expect(report?.models.map(\.name) == ["fast"])
                #expect(report?.remarks?.contains { $0.contains("vlm/qwen3-8b is not known.") } == true)
                #expect(report?.remarks?.contains { $0.contains("qwen3-8bb. Did you mean vllm/qwen3-8b?") } == true)
                let alias = try await bus.call(Models.Find(name: "fast"), CallContext())
                #expect(alias.name == "fast")
                let outcome = try await bus.outcome(question(model: "fast"))
                #expect(outcome.fault == nil)
                #expect(outcome.finish?.model == "vllm/qwen3-8b")
            }
        }
    }

    @Test(arguments: [true, false])
    func `a server with a private certificate answers through a proxy`(_ isOfServer: Bool) async throws {
        try await withTemporaryDirectory { directory in
            let certificates = directory + "/ca.pem"
            try SelfSignedCertificate.certificate.write(toFile: certificates, atomically: true, encoding: .utf8)
            try await RawServer.with(saying: .openAIStream(text: ["Hi"]), tls: true) { server in
                let port = Int(server.authority.split(separator: ":").last ?? "") ?? 0
                try await FakeProxy.with(to: port) { proxy in
                    let member = isOfServer ? #""ca_file": "\#(certificates)", "proxy": {"env": "PROXY"}, "# : ""
                    let file = """
                        {"providers": [{"name": "far", "base_url": "https://\(SelfSignedCertificate.host)/v1", \(member)
                          "models": ["m"]}]}
                        """
                    let url = "http://ann:hidden@\(proxy.authority)"
                    let settings =
                        isOfServer ? ["PROXY": url] : ["HTTPS_PROXY": url, "SSL_CERT_FILE": certificates]
                    try await withInference(file: file, settings) { bus in
                        let outcome = try await bus.outcome(question(model: "far/m"))
                        #expect(outcome.text == "Hi" && outcome.fault == nil)
                        let head = proxy.requests.first
                        #expect(head?.hasPrefix("CONNECT \(SelfSignedCertificate.host):443 ") == true)
                    }
                }
            }
        }
    }

    /// The model in the body of a request.
    private func model(in body: String) throws -> String? {
        let object = try JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any]
        return object?["model"] as? String
    }
}
