import Bus
import Contracts
import Foundation
import NIOHTTP1
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5)))
struct ModelsTests {
    private static let path = "/api/v1/models"
    private static let job = """
        "id":"0192f0c1-7b5a-7c3e-9f00-000000000041","kind":"pull","model":"ollama/llama3.2","state":"running",\
        "status":"pulling \\"dde5\\"","completed_bytes":500,"total_bytes":2000,\
        "layers":[{"digest":"sha256:dde5","completed_bytes":500,"total_bytes":2000}],"error":null,\
        "created_at":"2025-11-25T07:03:25.123456Z","ended_at":null
        """
    private static let changes: [(HTTPMethod, String, String?)] = [
        (.POST, "\(path)/pulls", #"{"model":"llama3.2"}"#), (.POST, path, #"{"model":"maya","from":"llama3.2"}"#),
        (.DELETE, "\(path)/ollama/llama3.2", nil), (.DELETE, "\(path)/pulls/\(Sample.job.id)", nil),
    ]

    @Test func `models are listed with their providers, and addresses are for admins`() async throws {
        let models = """
            {"models":[{"id":"ollama/llama3.2:latest","provider":"ollama","window":8192,"abilities":["chat","tools"],\
            "note":null,"price":null},{"id":"demo/demo","provider":"demo","window":8192,"abilities":null,"note":"A demo.",\
            "price":{"prompt":0.5,"completion":2.0}}],"providers":[{"name":"ollama","status":"down",
            """
        try await TestGateway.with(["AUTH_MODE": "required"]) { gateway in
            gateway.services.models.list(Sample.reports)
            let list = try await gateway.ask(.GET, Self.path)
            #expect(
                list.body == models
                    + #""error":"Ollama is away."},{"name":"demo","status":"up","error":null}]}"#
            )
            let full = try await gateway.ask(.GET, Self.path, token: TestGateway.token(role: "admin"))
            #expect(
                full.body == models + #""address":"http://10.0.0.5:11434","error":"Ollama is away."},"#
                    + #"{"name":"demo","status":"up","address":null,"error":null}]}"#
            )
        }
    }

    @Test(arguments: [
        ("ollama/llama3.2:latest", "ollama/llama3.2:latest"), ("ollama%2Fllama3.2%3Alatest", "ollama/llama3.2:latest"),
        ("vllm/Qwen/Qwen3-8B", "vllm/Qwen/Qwen3-8B"), ("vllm%2fQwen/Qwen3-8B", "vllm/Qwen/Qwen3-8B"), ("bare", "bare"),
        ("a%20b", "a b"), ("vllm//my/llms/Qwen3", "vllm//my/llms/Qwen3"),
        ("vllm%2F%2Fmy%2Fllms%2FQwen3", "vllm//my/llms/Qwen3"), ("%2Fmy%2Fx", "/my/x"),
        ("ft:gpt-3.5-turbo-0613:acme::A1", "ft:gpt-3.5-turbo-0613:acme::A1"), ("q@4bit", "q@4bit"),
        ("pulls/x", "pulls/x"), ("ollama/llama3.2/", "ollama/llama3.2"),
    ])
    func `a model's name is the rest of the path`(_ path: String, _ name: String) async throws {
        try await TestGateway.with { gateway in
            let shown = try await gateway.ask(.GET, "\(Self.path)/\(path)")
            #expect(shown.status == (path == "pulls/x" ? 405 : 200))
            guard shown.status == 200 else { return }
            #expect(gateway.services.jobs.asked as? [String] == [name])
            #expect(
                shown.body == """
                    {"id":"ollama/llama3.2:latest","provider":"ollama","window":8192,"abilities":["chat"],"note":null,\
                    "price":null,"details":{"full_window":131072,"format":null,"family":"llama","size":null,\
                    "quantization":null,"parameters":null,"template":null,"system":null}}
                    """
            )
        }
    }

    @Test(arguments: [
        "/api/v1/models/a%2F..%2Fb", "/api/v1/models/a%2F.",
        "/api/v1/models/a%5Cb", "/api/v1/models/a%00b", "/api/v1/models/a/../b",
    ])
    func `a path with dot segments is refused`(_ path: String) async throws {
        try await TestGateway.with { gateway in
            let answer = try await gateway.ask(.GET, path)
            #expect(answer.status == 400)
            #expect(gateway.services.jobs.asked.isEmpty)
        }
    }

    @Test(arguments: ["/api/v1/models//a", "/api/v1/influencers/a%2Fb", "/api/v1%2Fmodels/a"])
    func `an empty segment, and an encoded slash outside a model name, is not found`(_ path: String) async throws {
        try await TestGateway.with { gateway in
            let answer = try await gateway.ask(.GET, path)
            #expect(answer.status == 404)
            #expect(gateway.services.jobs.asked.isEmpty)
        }
    }

    @Test func `a pull and a creation are accepted as jobs`() async throws {
        try await TestGateway.with { gateway in
            let pull = try await gateway.ask(
                .POST,
                "\(Self.path)/pulls",
                body: #"{"model":"llama3.2","insecure":true}"#
            )
            #expect(pull.status == 202)
            #expect(pull.body == "{\(Self.job),\"joined\":false}")
            #expect(pull.headers.first(name: "location") == "\(Self.path)/pulls/\(Sample.job.id)/events")
            #expect(gateway.services.jobs.asked.first as? Models.Pull == Models.Pull(model: "llama3.2"))
            let body =
                #"{"model":"maya","from":"llama3.2","system":"You are Maya.","parameters":{"top_k":5,"stop":["x"]}}"#
            let create = try await gateway.ask(.POST, Self.path, body: body)
            #expect(create.status == 202)
            #expect(create.body == "{\(Self.job),\"joined\":true}")
            let asked = try #require(gateway.services.jobs.asked.last as? Models.Create)
            #expect(asked.model == "maya" && asked.from == "llama3.2" && asked.system == "You are Maya.")
            #expect(asked.template == nil && asked.parameters?.text.contains("\"top_k\":5") == true)
            for body in ["{}", #"{"model":5}"#, "[]", ""] {
                let wrong = try await gateway.ask(.POST, "\(Self.path)/pulls", body: body)
                #expect(wrong.status == 400 && wrong.isEnvelope)
            }
        }
    }

    @Test func `a model is deleted, a job cancelled, and jobs are listed`() async throws {
        try await TestGateway.with { gateway in
            let deleted = try await gateway.ask(.DELETE, "\(Self.path)/ollama%2Fllama3.2")
            #expect(
                deleted.body == """
                    {"success":true,"message":"Model deleted successfully","deleted_model":"ollama/llama3.2"}
                    """
            )
            let cancelled = try await gateway.ask(.DELETE, "\(Self.path)/pulls/\(Sample.job.id)")
            #expect(try cancelled.json["state"] as? String == "cancelled")
            let list = try await gateway.ask(.GET, "\(Self.path)/pulls")
            #expect(list.body == "{\"pulls\":[{\(Self.job)}],\"total\":1}")
            #expect(try await gateway.ask(.DELETE, "\(Self.path)/pulls/x").status == 404)
            let events = try await gateway.ask(.GET, "\(Self.path)/pulls/x/events")
            #expect(events.status == 404)
        }
    }

    @Test func `only admins change models, and in open mode every local user`() async throws {
        try await TestGateway.with(["AUTH_MODE": "required"]) { gateway in
            for (method, path, body) in Self.changes {
                let user = try await gateway.ask(method, path, body: body)
                #expect(user.status == 403 && user.isEnvelope)
                #expect(gateway.services.jobs.asked.isEmpty)
            }
            for (method, path, body) in Self.changes {
                let admin = try await gateway.ask(method, path, token: TestGateway.token(role: "admin"), body: body)
                #expect(admin.status < 300)
            }
            #expect(gateway.services.jobs.contexts.allSatisfy { $0.principal?.role == .admin })
            let list = try await gateway.ask(.GET, "\(Self.path)/pulls")
            #expect(list.status == 200)
        }
        for mode in ["open", "off"] {
            try await TestGateway.with(["AUTH_MODE": mode]) { gateway in
                for (method, path, body) in Self.changes {
                    let token = mode == "open" ? TestGateway.token() : nil
                    let answer = try await gateway.ask(method, path, token: token, body: body)
                    #expect(answer.status < 300, "\(mode) \(path)")
                }
            }
        }
    }

    @Test func `models require a credential in every mode but off`() async throws {
        for mode in ["required", "open"] {
            try await TestGateway.with(["AUTH_MODE": mode]) { gateway in
                for (method, path, body) in Self.changes + [(.GET, Self.path, nil), (.GET, "\(Self.path)/pulls", nil)] {
                    let answer = try await gateway.ask(method, path, token: nil, body: body)
                    #expect(answer.status == 401)
                }
                #expect(gateway.services.jobs.asked.isEmpty)
            }
        }
    }

    @Test func `a fault of inference-svc has v1's format`() async throws {
        try await TestGateway.with { gateway in
            gateway.services.jobs.fail(Fault(.limited, "Eight are going.", retryAfter: 30))
            let answer = try await gateway.ask(.POST, "\(Self.path)/pulls", body: #"{"model":"x"}"#)
            #expect(answer.status == 429 && answer.isEnvelope)
            #expect(answer.headers.first(name: "retry-after") == "30")
            gateway.services.jobs.fail(Fault(.missing, "No such model."))
            #expect(try await gateway.ask(.DELETE, "\(Self.path)/ollama/x").status == 404)
            let events = try await gateway.ask(.GET, "\(Self.path)/pulls/\(Sample.job.id)/events")
            #expect(events.status == 404)
        }
    }

    @Test func `progress is streamed until done`() async throws {
        try await TestGateway.with { gateway in
            let states = [Sample.job, Sample.ended(.completed)]
            gateway.services.jobs.tell(states[0], states[1])
            let answer = try await gateway.ask(.GET, "\(Self.path)/pulls/\(Sample.job.id)/events")
            #expect(answer.status == 200)
            #expect(answer.headers.first(name: "content-type")?.hasPrefix("text/event-stream") == true)
            #expect(answer.body.hasPrefix("event: progress\ndata: {\(Self.job)}\n\nevent: done\ndata: {\"id\":"))
            #expect(answer.body.hasSuffix("\"ended_at\":\"2025-11-25T07:03:25.123456Z\"}\n\n"))
        }
    }

    @Test func `a failed job and a broken stream end with an error`() async throws {
        try await TestGateway.with { gateway in
            let failed = Sample.ended(.failed, Fault(.provider, "Ollama failed."))
            gateway.services.jobs.tell(failed)
            let path = "\(Self.path)/pulls/\(Sample.job.id)/events"
            let answer = try await gateway.ask(.GET, path)
            let start = #"event: error"# + "\n" + #"data: {"code":"service_unavailable","message":"Ollama failed.","#
            #expect(answer.body.hasPrefix(start + #""retryable":true,"job":{"id":"#))
            gateway.services.jobs.tell(Sample.job, cut: Fault(.cut, "Gone."))
            let broken = try await gateway.ask(.GET, path)
            #expect(broken.body.hasPrefix("event: progress\n"))
            #expect(broken.body.hasSuffix(#""message":"Gone.","retryable":true,"job":null}"# + "\n\n"))
            gateway.services.jobs.tell(Sample.job)
            let cut = try await gateway.ask(.GET, path)
            #expect(cut.body.contains("event: error"))
        }
    }

    @Test func `a wrong method gets the allowed ones`() async throws {
        try await TestGateway.with { gateway in
            for (method, path, allowed) in [
                (HTTPMethod.PUT, Self.path, "GET, HEAD, POST"), (.POST, "\(Self.path)/ollama/x", "DELETE, GET, HEAD"),
                (.DELETE, "\(Self.path)/pulls", "GET, HEAD, POST"),
            ] {
                let answer = try await gateway.ask(method, path, body: method == .POST ? "{}" : nil)
                #expect(answer.status == 405, "\(method) \(path)")
                #expect(answer.headers.first(name: "allow") == allowed)
            }
        }
    }
}
