import Contracts
import NIOHTTP1
import TestSupport
import Testing

/// `/v1/models` and `/v1/embeddings`.
@Suite(.timeLimit(.minutes(5))) struct OpenAIListsTests {
    @Test func `models are listed and found, with plain and encoded slashes`() async throws {
        try await TestGateway.with { gateway in
            let list = try await gateway.ask(.GET, "/v1/models").json
            #expect(list["object"] as? String == "list")
            let all = try #require(list["data"] as? [[String: Any]])
            let first = try #require(all.first { $0["id"] as? String == "demo/demo" })
            #expect(first["object"] as? String == "model")
            #expect(first["owned_by"] as? String == "demo")
            #expect(first["created"] as? Int != nil)
            for path in ["/v1/models/demo/demo", "/v1/models/demo%2Fdemo"] {
                let found = try await gateway.ask(.GET, path).json
                #expect(found["id"] as? String == "demo/demo")
            }
            let missing = try await gateway.ask(.GET, "/v1/models/other")
            #expect(missing.status == 404)
            #expect(missing.error("code") == "model_not_found")
        }
    }

    @Test func `vectors are numbers, or base64 on request`() async throws {
        try await TestGateway.with { gateway in
            let numbers = try await embed(gateway, #"{"model":"m","input":["a","b"]}"#).json
            let data = try #require(numbers["data"] as? [[String: Any]])
            #expect(data.map { $0["index"] as? Int } == [0, 1])
            #expect(data.first?["embedding"] as? [Double] == [1, -2])
            #expect((numbers["usage"] as? [String: Any])?["total_tokens"] as? Int == 3)
            let text = try await embed(
                gateway,
                #"{"model":"m","input":"a","encoding_format":"base64","dimensions":16,"user":"u"}"#
            ).json
            #expect((text["data"] as? [[String: Any]])?.first?["embedding"] as? String == "AACAPwAAAMA=")
            #expect(gateway.services.models.embedded.last?.dimensions == 16)
            #expect(gateway.services.models.embedded.map(\.input) == [["a", "b"], ["a"]])
        }
    }

    @Test(arguments: [
        "{}", #"{"model":"m"}"#, #"{"model":"m","input":[]}"#, #"{"model":"m","input":""}"#,
        #"{"model":"m","input":[1,"a"]}"#, #"{"model":"m","input":["a",1]}"#, #"{"model":"m","input":["a",[1]]}"#,
        #"{"model":"m","input":[[1],2]}"#, #"{"model":"m","input":[[]]}"#, #"{"model":"m","input":[[1],[]]}"#,
        #"{"model":"m","input":[-1]}"#, #"{"model":"m","input":[1.5]}"#, #"{"model":"m","input":[1e99]}"#,
        #"{"model":"m","input":[99999999999]}"#, #"{"model":"m","input":[null]}"#, #"{"model":"m","input":[[[1]]]}"#,
        #"{"model":"m","input":[true]}"#, #"{"model":"m","input":{}}"#,
        #"{"model":"m","input":"a","encoding_format":"xml"}"#,
        #"{"model":"m","input":"a","dimensions":0}"#, #"{"input":"a"}"#, "[]", "",
    ])
    func `invalid embedding requests are rejected`(_ body: String) async throws {
        try await TestGateway.with { gateway in
            let answer = try await embed(gateway, body)
            #expect(answer.status == 400)
            #expect(answer.error("type") == "invalid_request_error")
        }
    }

    @Test func `token numbers are passed on`() async throws {
        try await TestGateway.with { gateway in
            for (input, tokens) in [("[1,2,100255]", [[1, 2, 100_255]]), ("[[1],[2, 3]]", [[1], [2, 3]])] {
                let answer = try await embed(gateway, "{\"model\":\"m\",\"input\":\(input)}")
                #expect(answer.status == 200, "\(answer.body)")
                let asked = try #require(gateway.services.models.embedded.last)
                #expect(asked.tokens == tokens && asked.input.isEmpty)
            }
            let many = "[\(String(repeating: "[1],", count: 2048))[1]]"
            #expect(try await embed(gateway, "{\"model\":\"m\",\"input\":\(many)}").status == 400)
            let long = "[\(String(repeating: "1,", count: 1_000_000))1]"
            #expect(try await embed(gateway, "{\"model\":\"m\",\"input\":\(long)}").status == 400)
        }
    }

    @Test func `empty values of embedding requests are none`() async throws {
        try await TestGateway.with { gateway in
            let body = #"{"model":"m","input":"a","encoding_format":"","dimensions":"","user":""}"#
            let answer = try await embed(gateway, body)
            #expect(answer.status == 200, "\(answer.body)")
            #expect(gateway.services.models.embedded.last?.dimensions == nil)
        }
    }

    private func embed(_ gateway: TestGateway, _ body: String) async throws -> Answer {
        try await gateway.ask(.POST, "/v1/embeddings", body: body)
    }
}
