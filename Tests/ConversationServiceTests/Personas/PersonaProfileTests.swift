import Contracts
import Testing

@testable import ConversationService

struct PersonaProfileTests {
    private static func profile(_ change: (inout Personas.Profile) -> Void = { _ in }) -> Personas.Profile {
        var profile = Personas.Profile()
        (profile.name, profile.instructions) = ("tea-taster", "You are a tea taster.")
        change(&profile)
        return profile
    }

    private static func long(_ count: Int) -> String { String(repeating: "é", count: count) }

    @Test func `name and instructions are enough, the rest has defaults`() throws {
        let moment = Timestamp(microseconds: 5)
        let stored = try PersonaProfile.persona(Self.profile(), at: moment)
        #expect(stored.persona.name == "tea-taster" && stored.persona.displayName == "tea-taster")
        #expect(stored.persona.status == .active && stored.persona.tools == [] && stored.traits.text == "{}")
        #expect(
            stored.persona.greeting == "" && stored.persona.suggestedMessages == [] && stored.persona.avatarURL == ""
        )
        #expect(stored.persona.createdAt == moment && stored.promptForm == .messages)
    }

    @Test func `values at the limits are accepted, and texts are trimmed`() throws {
        let profile = Self.profile { profile in
            profile.name = "a" + String(repeating: "b", count: 99)
            profile.displayName = " \(Self.long(200))  "
            profile.description = Self.long(2000)
            profile.category = Self.long(100)
            profile.greeting = Self.long(4000)
            profile.instructions = String(repeating: "x", count: 32 * 1024)
            profile.suggestedMessages = (0..<10).map { _ in Self.long(500) }
            profile.tools = (0..<32).map { "tool_\($0)" }
            profile.avatarURL = "data:image/svg+xml;utf8,<svg/>"
            profile.traits = RawJSON(#"{"a":"b","c":1,"d":true,"e":["f"]}"#)
        }
        let stored = try PersonaProfile.persona(profile, at: .now())
        #expect(stored.persona.displayName == Self.long(200))
        #expect(stored.traits == profile.traits)
        #expect(
            try PersonaProfile.persona(Self.profile { $0.tools = ["b", "a", "b"] }, at: .now()).persona.tools == [
                "b", "a",
            ]
        )
        for status in Persona.Status.allCases {
            #expect(
                try PersonaProfile.persona(Self.profile { $0.status = status }, at: .now()).persona.status == status
            )
        }
    }

    /// An invalid member, by the name in the message.
    private static let invalid: [(String, @Sendable (inout Personas.Profile) -> Void)] = [
        ("name", { $0.name = nil }), ("name", { $0.name = "" }), ("name", { $0.name = "Tea" }),
        ("name", { $0.name = "a--b" }), ("name", { $0.name = "-a" }), ("name", { $0.name = "a b" }),
        ("name", { $0.name = "é" }), ("name", { $0.name = String(repeating: "a", count: 101) }),
        ("display_name", { $0.displayName = " " }), ("display_name", { $0.displayName = "a\u{7}" }),
        ("display_name", { $0.displayName = long(201) }),
        ("description", { $0.description = long(2001) }), ("category", { $0.category = long(101) }),
        ("system_instructions", { $0.instructions = nil }), ("system_instructions", { $0.instructions = " \n" }),
        ("system_instructions", { $0.instructions = String(repeating: "x", count: 32 * 1024 + 1) }),
        ("system_instructions", { $0.instructions = "a\u{0}b" }),
        ("initial_greeting", { $0.greeting = long(4001) }),
        ("suggested_messages", { $0.suggestedMessages = (0..<11).map { "\($0)" } }),
        ("suggested_messages", { $0.suggestedMessages = [" "] }),
        ("suggested_messages", { $0.suggestedMessages = [long(501)] }),
        ("tools", { $0.tools = [""] }), ("tools", { $0.tools = ["a b"] }),
        ("tools", { $0.tools = (0..<33).map { "t\($0)" } }),
        ("avatar_url", { $0.avatarURL = "javascript:alert(1)" }), ("avatar_url", { $0.avatarURL = "data:text/html,x" }),
        ("avatar_url", { $0.avatarURL = "/" + String(repeating: "a", count: 8192) }),
        ("personality_traits", { $0.traits = RawJSON("[]") }), ("personality_traits", { $0.traits = RawJSON("\"a\"") }),
        ("personality_traits", { $0.traits = RawJSON(#"{"a":null}"#) }),
        ("personality_traits", { $0.traits = RawJSON(#"{"a":{"b":1}}"#) }),
        ("personality_traits", { $0.traits = RawJSON(#"{"a":[1]}"#) }),
        ("personality_traits", { $0.traits = RawJSON(#"{"a":1e999}"#) }),
        (
            "personality_traits",
            { profile in
                profile.traits = RawJSON("{" + (0..<51).map { "\"t\($0)\":1" }.joined(separator: ",") + "}")
            }
        ),
        ("personality_traits", { $0.traits = RawJSON("{\"a\":\"\(String(repeating: "x", count: 16 * 1024))\"}") }),
    ]

    @Test(arguments: invalid.indices) func `an invalid member is named`(index: Int) {
        let (name, change) = Self.invalid[index]
        let fault = #expect(throws: Fault.self) { try PersonaProfile.persona(Self.profile(change), at: .now()) }
        #expect(fault?.code == .invalid)
        #expect(fault?.message.contains("`\(name)") == true, "\(fault?.message ?? "")")
    }

    @Test func `a change keeps the members that are absent`() throws {
        let maya = try #require(BuiltInPersonas.all.first)
        #expect(try PersonaProfile.applied(Personas.Profile(), to: maya) == maya)
        var profile = Personas.Profile()
        profile.displayName = "Maya F."
        var expected = maya
        expected.persona.displayName = "Maya F."
        #expect(try PersonaProfile.applied(profile, to: maya) == expected)
    }

    @Test func `the persona of a surface keeps its status, and can otherwise be changed`() throws {
        let assistant = BuiltInPersonas.assistant
        var profile = Personas.Profile()
        profile.status = .discontinued
        let fault = #expect(throws: Fault.self) { try PersonaProfile.applied(profile, to: assistant) }
        #expect(fault?.code == .conflict)
        profile.status = .unlisted
        profile.instructions = "You are terse."
        #expect(try PersonaProfile.applied(profile, to: assistant).instructions == "You are terse.")
    }
}
