import Contracts
import Foundation
import NIOHTTP1
import Testing

@testable import GatewayService

@Suite(.timeLimit(.minutes(5)))
struct SurfaceTests {
    private static let question = """
        {"id":"0192f0c1-7b5a-7c3e-9f00-000000000011","role":"user","content":"Hello \\"you\\"\\n","message_type":"text",\
        "media_urls":[],"audio_url":null,"audio_duration_seconds":null,"token_count":3,\
        "created_at":"2025-11-25T07:03:25.123456Z","status":"completed","is_read":true,\
        "run_id":"0192f0c1-7b5a-7c3e-9f00-000000000031","parent_id":null,"sibling_index":0,"sibling_count":1}
        """
    private static let answer = """
        {"id":"0192f0c1-7b5a-7c3e-9f00-000000000012","role":"assistant","content":"Hi.","message_type":"text",\
        "media_urls":[],"audio_url":null,"audio_duration_seconds":null,"token_count":3,\
        "created_at":"2025-11-25T07:03:25.123456Z","status":"completed","is_read":false,\
        "run_id":"0192f0c1-7b5a-7c3e-9f00-000000000031","parent_id":null,"sibling_index":0,"sibling_count":1}
        """

    @Test func `influencers have the documented order of members`() async throws {
        let influencer = """
            {"id":"0192f0c1-7b5a-7c3e-9f00-000000000001","name":"maya-kitchen","display_name":"Maya \u{1F373}",\
            "avatar_url":"/avatars/maya.svg","description":"Cooks with what is there.","category":"cooking",\
            "created_at":"2025-11-25T07:03:25.123456Z","conversation_count":7,"is_active":"active",\
            "suggested_messages":["What can I cook?"],"initial_greeting":"Hello!"}
            """
        try await TestGateway.with { gateway in
            let list = try await gateway.ask(.GET, "/api/v1/influencers", token: nil)
            #expect(list.body == "{\"influencers\":[\(influencer)],\"total\":1,\"limit\":50,\"offset\":0}")
            #expect(list.headers.first(name: "content-type") == "application/json")
            let one = try await gateway.ask(.GET, "/api/v1/influencers/\(Sample.persona.id)?x=y", token: nil)
            #expect(one.body == influencer)
            let other = "/api/v1/influencers/0192F0C17B5A7C3E9F00000000000001"
            #expect(try await gateway.ask(.GET, other, token: nil).body == influencer)
        }
    }

    @Test func `a conversation is created once and returned with its recent messages`() async throws {
        try await TestGateway.with { gateway in
            let body = "{\"influencer_id\":\"\(Sample.persona.id)\"}"
            let created = try await gateway.ask(.POST, "/api/v1/chat/conversations", body: body)
            #expect(created.status == 201)
            #expect(
                created.body.hasPrefix(
                    "{\"id\":\"\(Sample.conversation.id)\",\"user_id\":\"alice\",\"influencer\":{\"id\":"
                )
            )
            let json = try created.json
            #expect(json["message_count"] as? Int == 2)
            #expect((json["last_message"] as? [String: Any])?["content"] as? String == "Hi.")
            #expect((json["recent_messages"] as? [Any])?.count == 2)
            gateway.services.open(isNew: false)
            #expect(try await gateway.ask(.POST, "/api/v1/chat/conversations", body: body).status == 200)
            let list = try await gateway.ask(.GET, "/api/v1/chat/conversations?limit=5&offset=1")
            #expect(list.body.hasPrefix("{\"conversations\":[{\"id\":"))
            #expect(list.body.hasSuffix(",\"total\":1,\"limit\":5,\"offset\":1,\"next\":null}"))
            let deleted = try await gateway.ask(.DELETE, Sample.path)
            #expect(
                deleted.body == """
                    {"success":true,"message":"Conversation deleted successfully",\
                    "deleted_conversation_id":"\(Sample.conversation.id)","deleted_messages_count":3}
                    """
            )
        }
    }

    @Test func `messages are listed newest first by default`() async throws {
        try await TestGateway.with { gateway in
            let list = try await gateway.ask(.GET, "\(Sample.path)/messages")
            #expect(
                list.body == """
                    {"conversation_id":"\(Sample.conversation.id)","messages":[\(Self.answer),\(Self.question)],\
                    "total":2,"limit":50,"offset":0,"next":null}
                    """
            )
            #expect(try await gateway.ask(.GET, "\(Sample.path)/messages?order=asc&limit=200").status == 200)
        }
    }

    @Test func `a turn contains both messages and the context report`() async throws {
        try await TestGateway.with { gateway in
            let turn = try await gateway.ask(.POST, "\(Sample.path)/messages", body: #"{"content":"Hello"}"#)
            #expect(turn.status == 200)
            #expect(turn.body.hasPrefix("{\"user_message\":\(Self.question),\"assistant_message\":{\"id\":"))
            #expect(turn.headers.first(name: "x-parley-run") == Sample.run.id.description)
            let message = try #require(try turn.json["assistant_message"] as? [String: Any])
            let context = try #require(message["context"] as? [String: Any])
            #expect(context["messages_left_out"] as? Int == 1)
            #expect(context["window"] as? Int == 8192)
            let timing = try #require(turn.headers.first(name: "server-timing"))
            for part in ["auth;dur=", "queue;dur=0.50", "upstream;dur=5.00", "total;dur="] {
                #expect(timing.contains(part), "\(part)")
            }
        }
    }

    @Test(arguments: [Run.Status.failed, .interrupted])
    func `a failed turn is a 503 with the partial message`(_ status: Run.Status) async throws {
        var end = Sample.end
        end.status = status
        end.fault = Fault(.provider, "The model said no. Try again.", retryAfter: 3)
        try await TestGateway.with { gateway in
            gateway.services.end(end)
            let turn = try await gateway.ask(.POST, "\(Sample.path)/messages", body: #"{"content":"Hello"}"#)
            #expect(turn.status == 503)
            #expect(turn.isEnvelope)
            let isRetryable = status == .failed
            let advice = isRetryable ? "Try again." : "Regenerate the answer with \(RunFault.regenerate)."
            #expect(try turn.json["message"] as? String == "The model said no. \(advice)")
            #expect(turn.headers.first(name: "retry-after") == (isRetryable ? "3" : nil))
            let details = try #require(try turn.json["details"] as? [String: Any])
            #expect(details["retry_after"] as? Int == (isRetryable ? 3 : nil))
            #expect(details["run_id"] as? String == Sample.run.id.description)
            #expect(details["status"] as? String == status.rawValue)
            #expect(details["user_message"] is [String: Any])
            #expect(details["assistant_message"] is [String: Any])
            end.status = .stopped
            gateway.services.end(end)
            #expect(
                try await gateway.ask(.POST, "\(Sample.path)/messages", body: #"{"content":"Hello"}"#).status == 200
            )
        }
    }

    @Test func `a run can be shown and cancelled`() async throws {
        try await TestGateway.with { gateway in
            let path = "\(Sample.path)/runs/\(Sample.run.id)"
            let run = try await gateway.ask(.GET, path)
            #expect(
                run.body.hasPrefix("{\"id\":\"\(Sample.run.id)\",\"conversation_id\":\"\(Sample.conversation.id)\"")
            )
            #expect(try run.json["status"] as? String == "completed")
            #expect(try await gateway.ask(.POST, "\(path)/cancel").body == run.body)
            #expect(try await gateway.ask(.POST, "\(path)/cancel", body: "{}").body == run.body)
        }
    }

    @Test(arguments: [
        (Fault.Code.missing, 404, "not_found"), (.forbidden, 403, "forbidden"), (.invalid, 400, "bad_request"),
        (.conflict, 409, "conflict"), (.keyReused, 422, "idempotency_key_reused"),
        (.limited, 429, "rate_limit_exceeded"),
        (.unavailable, 503, "service_unavailable"),
        (.unreachable, 503, "service_unavailable"), (.timeout, 504, "timeout"), (.full, 507, "insufficient_storage"),
        (.internal, 500, "internal_error"), (.init(rawValue: "a_newer_one"), 500, "a_newer_one"),
    ])
    func `a fault of a service has its status and the envelope`(
        code: Fault.Code,
        status: Int,
        name: String
    ) async throws {
        try await TestGateway.with { gateway in
            gateway.services.fail(Fault(code, "Something happened.", retryAfter: 7))
            let answer = try await gateway.ask(.GET, "\(Sample.path)/messages")
            #expect(answer.status == status)
            #expect(
                answer.body
                    == "{\"error\":\"\(name)\",\"message\":\"Something happened.\",\"details\":{\"retry_after\":7}}"
            )
            #expect(answer.headers.first(name: "retry-after") == "7")
        }
    }
}
