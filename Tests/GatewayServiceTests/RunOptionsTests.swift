import Contracts
import NIOHTTP1
import Testing

/// The model and the parameters that a turn chooses.
@Suite(.timeLimit(.minutes(5)))
struct RunOptionsTests {
    private static let message = "\(Sample.path)/messages/\(Sample.answer.id)"
    private static let turns = ["\(Sample.path)/messages", "\(message)/edit", "\(message)/regenerate"]

    @Test func `send, edit and regenerate pass the options on`() async throws {
        try await TestGateway.with { gateway in
            let body =
                #"{"content":"Hello","model":"demo/demo","temperature":0.5,"max_tokens":20,"tools":["recall_memory"]}"#
            for path in Self.turns {
                let status = try await gateway.ask(.POST, path, body: body).status
                #expect(status == 200)
            }
            let options = Run.Options(model: "demo/demo", maxTokens: 20, temperature: 0.5, tools: ["recall_memory"])
            #expect(gateway.services.starts.map(\.options) == [options, options, options])
        }
    }

    @Test func `a turn without options has the defaults`() async throws {
        try await TestGateway.with { gateway in
            let body = #"{"content":"Hello","model":null,"temperature":null,"max_tokens":null,"tools":null}"#
            for path in Self.turns {
                let status = try await gateway.ask(.POST, path, body: body).status
                #expect(status == 200)
            }
            #expect(gateway.services.starts.map(\.options) == [nil, nil, nil])
        }
    }

    @Test(arguments: [
        (#""temperature":2.1"#, "`temperature` must be a number from 0 to 2."),
        (#""temperature":-0.1"#, "`temperature` must be a number from 0 to 2."),
        (#""temperature":"hot""#, "`temperature` has the wrong type."),
        (#""max_tokens":0"#, "`max_tokens` must be an integer from 1 to 1000000."),
        (#""max_tokens":1000001"#, "`max_tokens` must be an integer from 1 to 1000000."),
        (#""max_tokens":1.5"#, "`max_tokens` must be an integer from 1 to 1000000."),
        (#""model":"""#, "`model` must be the name of a model, 1 to 256 bytes long."),
        (#""tools":"x""#, "`tools` has the wrong type."), (#""tools":[1]"#, "has the wrong type."),
        (#""tools":[""]"#, "`tools` must be an array of at most 16 names of tools"),
        (#""tools":[\#(Array(repeating: #""x""#, count: 17).joined(separator: ","))]"#, "`tools` must be an array"),
        (#""model":7"#, "`model` has the wrong type."),
    ])
    func `an invalid option is rejected with its name`(member: String, message: String) async throws {
        try await TestGateway.with { gateway in
            for path in Self.turns {
                let answer = try await gateway.ask(.POST, path, body: "{\"content\":\"Hello\",\(member)}")
                #expect(answer.status == 400 && answer.isEnvelope)
                let reason = try answer.json["message"] as? String
                #expect(reason?.contains(message) == true, "\(answer.body)")
            }
            #expect(gateway.services.starts.isEmpty)
        }
    }

    @Test func `a name that is too long for a model is rejected`() async throws {
        try await TestGateway.with { gateway in
            let name = String(repeating: "m", count: 257)
            let answer = try await gateway.ask(.POST, Self.turns[0], body: #"{"content":"Hello","model":"\#(name)"}"#)
            #expect(answer.status == 400)
        }
    }

    @Test func `no tools is not the same as the default`() async throws {
        try await TestGateway.with { gateway in
            let answer = try await gateway.ask(.POST, Self.turns[0], body: #"{"content":"Hello","tools":[]}"#)
            #expect(answer.status == 200 && gateway.services.starts.map(\.options) == [Run.Options(tools: [])])
        }
    }
}
