import Contracts
import NIOHTTP1
import Testing

@testable import GatewayService

/// The management of models of seed 000, with scripted services.
@Suite(.timeLimit(.minutes(5)))
struct APIGatewayModelsTests {
    private static let pull = ("/api/pull/", #"{"model_name":"llama3.1"}"#)
    private static let delete = ("/api/delete/", #"{"model":"llama3.1"}"#)
    private static let create = (
        "/api/create/", #"{"name":"custom-chat","basemodel":"gemma2:2b","personality":"Friendly and engaging"}"#
    )

    @Test func `a pull waits for the end of the job`() async throws {
        try await TestGateway.with { gateway in
            gateway.services.jobs.tell(Sample.job, Sample.ended(.completed))
            let answer = try await gateway.ask(.POST, Self.pull.0, token: nil, body: Self.pull.1)
            #expect(answer.status == 200 && answer.body == #"{"status":"Model pulled successfully"}"#)
            #expect(gateway.services.jobs.asked.first as? Models.Pull == Models.Pull(model: "llama3.1"))
            #expect(gateway.services.jobs.asked.last is Models.FollowPull)
        }
    }

    @Test func `a model is created with its personality as the system prompt`() async throws {
        try await TestGateway.with { gateway in
            gateway.services.jobs.tell(Sample.ended(.completed))
            let answer = try await gateway.ask(.POST, Self.create.0, token: nil, body: Self.create.1)
            #expect(answer.status == 200 && answer.body == #"{"status":"Model created successfully"}"#)
            let expected = Models.Create(model: "custom-chat", from: "gemma2:2b", system: "Friendly and engaging")
            #expect(gateway.services.jobs.asked.first as? Models.Create == expected)
        }
    }

    @Test func `a model is deleted`() async throws {
        try await TestGateway.with { gateway in
            let answer = try await gateway.ask(.POST, Self.delete.0, token: nil, body: Self.delete.1)
            #expect(answer.status == 200 && answer.body == #"{"status":"Model deleted successfully"}"#)
            #expect(gateway.services.jobs.asked.first as? String == "llama3.1")
        }
    }

    @Test(arguments: [
        (Fault(.missing, "Ollama did not find it."), 404), (Fault(.provider, "Ollama failed."), 500),
        (Fault(.cut, "Stopped."), 500), (Fault(.unavailable, "Ollama is down."), 500),
    ])
    func `a job that fails is an error`(_ fault: Fault, _ status: Int) async throws {
        var job = Sample.ended(.failed)
        job.fault = fault
        try await TestGateway.with { [job] gateway in
            gateway.services.jobs.tell(Sample.job, job)
            for (path, body) in [Self.pull, Self.create] {
                let answer = try await gateway.ask(.POST, path, token: nil, body: body)
                #expect(answer.status == status)
                #expect(try answer.json["details"] as? String == fault.message)
            }
        }
    }

    @Test func `a job that is cancelled, or whose end is unknown, is an error`() async throws {
        try await TestGateway.with { gateway in
            gateway.services.jobs.tell(Sample.ended(.cancelled))
            #expect(try await gateway.ask(.POST, Self.pull.0, token: nil, body: Self.pull.1).status == 500)
            gateway.services.jobs.tell(Sample.job, cut: Fault(.cut, "Cut."))
            #expect(try await gateway.ask(.POST, Self.pull.0, token: nil, body: Self.pull.1).status == 500)
            gateway.services.jobs.fail(Fault(.invalid, "`//` is not a valid model name."))
            let invalid = try await gateway.ask(.POST, Self.pull.0, token: nil, body: #"{"model_name":"//"}"#)
            #expect(invalid.status == 400)
        }
    }

    @Test func `in required mode, models are for admins`() async throws {
        try await TestGateway.with(["AUTH_MODE": "required"]) { gateway in
            gateway.services.jobs.tell(Sample.ended(.completed))
            for (path, body) in [Self.pull, Self.delete, Self.create] {
                #expect(try await gateway.ask(.POST, path, token: nil, body: body).status == 401)
                let user = try await gateway.ask(.POST, path, body: body)
                #expect(user.status == 403)
                #expect(
                    user.body == #"{"error":"Forbidden","details":"Only admins can pull, create and delete models."}"#
                )
                let admin = TestGateway.token(role: "admin")
                #expect(try await gateway.ask(.POST, path, token: admin, body: body).status == 200)
            }
        }
    }

    @Test(arguments: [
        ("/api/pull/", "{}", "model_name: Field required."),
        ("/api/pull/", #"{"model":"llama3.1"}"#, "model_name: Field required."),
        ("/api/delete/", #"{"model":3}"#, "model: Input should be a valid string."),
        ("/api/create/", #"{"name":"a"}"#, "basemodel: Field required. personality: Field required."),
    ])
    func `invalid members are named`(_ path: String, _ body: String, _ details: String) async throws {
        try await TestGateway.with { gateway in
            let answer = try await gateway.ask(.POST, path, token: nil, body: body)
            #expect(answer.status == 400 && answer.body == #"{"error":"Invalid request","details":"\#(details)"}"#)
            #expect(gateway.services.jobs.asked.isEmpty)
        }
    }
}
