import Contracts
import NIOHTTP1
import Testing

@testable import GatewayService

/// `/api/v1/influencers` for admins, and read marks.
@Suite(.timeLimit(.minutes(5)))
struct InfluencerRouteTests {
    private static let path = "/api/v1/influencers/\(Sample.persona.id)"
    private static let admin = TestGateway.token(role: "admin")
    private static let whole = """
        {"name":"tea-taster","display_name":"Tea","avatar_url":"/a.png","description":"d","category":"c",\
        "system_instructions":"You are a tea taster.",\
        "personality_traits":{"z":"calm", "a":[ "x","y"],"m":0.50,"b":true},\
        "initial_greeting":"Hi","suggested_messages":["s"],"is_active":"Coming_Soon","tools":["recall_memory"],"id":1}
        """
    private static let inspected = """
        {"id":"0192f0c1-7b5a-7c3e-9f00-000000000001","name":"maya-kitchen","display_name":"Maya \u{1F373}",\
        "avatar_url":"/avatars/maya.svg","description":"Cooks with what is there.","category":"cooking",\
        "created_at":"2025-11-25T07:03:25.123456Z","conversation_count":7,"is_active":"active",\
        "suggested_messages":["What can I cook?"],"initial_greeting":"Hello!","status":"unlisted",\
        "system_instructions":"You are Maya.",\
        "personality_traits":{"energy_level":"warm","expertise":["spices","bread"],"a":0.50},\
        "tools":["recall_memory"]}
        """

    @Test func `only an admin sees the instructions, traits and tools`() async throws {
        try await TestGateway.with { gateway in
            for token in [nil, TestGateway.token()] {
                let found = try await gateway.ask(.GET, Self.path, token: token)
                #expect(found.status == 200)
                for member in ["system_instructions", "personality_traits", "tools", "status"] {
                    #expect(try found.json[member] == nil, "\(member)")
                }
            }
            #expect(gateway.services.received(Personas.Inspect.self).isEmpty)
            #expect(try await gateway.ask(.GET, Self.path, token: Self.admin).body == Self.inspected)
            #expect(gateway.services.received(Personas.Inspect.self).map(\.id) == [Sample.persona.id])
        }
    }

    @Test func `an influencer is created with its traits as they were sent`() async throws {
        try await TestGateway.with { gateway in
            let made = try await gateway.ask(
                .POST,
                "/api/v1/influencers",
                token: Self.admin,
                headers: ["idempotency-key": "k1"],
                body: Self.whole
            )
            #expect(made.status == 201 && made.body == Self.inspected)
            let request = try #require(gateway.services.received(Personas.Create.self).first)
            #expect(request.key == "k1")
            let profile = request.profile
            #expect(profile.name == "tea-taster" && profile.displayName == "Tea" && profile.avatarURL == "/a.png")
            #expect(profile.description == "d" && profile.category == "c" && profile.greeting == "Hi")
            #expect(profile.instructions == "You are a tea taster." && profile.suggestedMessages == ["s"])
            #expect(profile.status == .comingSoon && profile.tools == ["recall_memory"])
            #expect(profile.traits?.text == #"{"z":"calm", "a":[ "x","y"],"m":0.50,"b":true}"#)
        }
    }

    @Test func `a change has only what was sent`() async throws {
        try await TestGateway.with { gateway in
            let bodies = [#"{"is_active":false}"#, #"{"is_active":true,"name":null,"personality_traits":null}"#, "{}"]
            for body in bodies {
                let changed = try await gateway.ask(.PATCH, Self.path, token: Self.admin, body: body)
                #expect(changed.status == 200 && changed.body == Self.inspected)
            }
            let deleted = try await gateway.ask(.DELETE, Self.path, token: Self.admin)
            #expect(
                deleted.body == """
                    {"success":true,"message":"Influencer discontinued; its conversations remain",\
                    "deleted_influencer_id":"\(Sample.persona.id)"}
                    """
            )
            var expected = [Personas.Profile(), Personas.Profile(), Personas.Profile(), Personas.Profile()]
            expected[0].status = .discontinued
            expected[1].status = .active
            expected[3].status = .discontinued
            #expect(gateway.services.received(Personas.Change.self).map(\.profile) == expected)
        }
    }

    @Test(arguments: [(HTTPMethod.POST, "/api/v1/influencers"), (.PATCH, path), (.DELETE, path)])
    func `only an admin changes influencers`(method: HTTPMethod, path: String) async throws {
        try await TestGateway.with(["AUTH_MODE": "open"]) { gateway in
            for (token, status) in [(nil, 401), (TestGateway.token(), 403)] {
                let refused = try await gateway.ask(method, path, token: token, body: Self.whole)
                #expect(refused.status == status && refused.isEnvelope)
            }
            #expect(gateway.services.requests.isEmpty)
        }
    }

    @Test(arguments: [
        #"{"is_active":"gone"}"#, #"{"is_active":3}"#, #"{"name":5}"#, #"{"suggested_messages":"x"}"#,
        #"{"tools":[1]}"#, "[]", "", "{", #"{"personality_traits":{"a":1,"a":2}}"#, #"{"name":"a","name":"b"}"#,
    ])
    func `a malformed body is rejected`(body: String) async throws {
        try await TestGateway.with { gateway in
            for (method, path) in [(HTTPMethod.POST, "/api/v1/influencers"), (.PATCH, Self.path)] {
                let refused = try await gateway.ask(method, path, token: Self.admin, body: body)
                #expect(refused.status == 400 && refused.isEnvelope, "\(body)")
            }
            #expect(gateway.services.requests.isEmpty)
        }
    }

    @Test func `a conversation is marked as read`() async throws {
        try await TestGateway.with { gateway in
            let read = try await gateway.ask(.POST, "\(Sample.path)/read")
            #expect(read.status == 200)
            #expect(
                read.body == """
                    {"id":"\(Sample.conversation.id)","unread_count":0,"last_read_at":"2025-11-25T07:03:25.123456Z"}
                    """
            )
            #expect(gateway.services.received(Conversations.MarkRead.self).map(\.id) == [Sample.conversation.id])
            let bad = try await gateway.ask(.POST, "/api/v1/chat/conversations/x/read")
            #expect(bad.status == 404 && bad.isEnvelope)
            #expect(try await gateway.ask(.POST, "\(Sample.path)/read", token: nil).status == 401)
        }
    }
}
