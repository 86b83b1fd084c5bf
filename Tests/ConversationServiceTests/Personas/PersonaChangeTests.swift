import Bus
import Contracts
import TestSupport
import Testing

/// Changes of personas reach the conversations, also those in memory, and survive a restart.
@Suite(.timeLimit(.minutes(5)))
struct PersonaChangeTests {
    private static let admin = CallContext(principal: Principal(user: "root", role: .admin))

    private static func profile(_ change: (inout Personas.Profile) -> Void) -> Personas.Profile {
        var profile = Personas.Profile()
        change(&profile)
        return profile
    }

    private static func change(
        _ persona: Persona.ID,
        _ fixture: Fixture,
        _ change: (inout Personas.Profile) -> Void
    ) async throws -> Personas.Inspected {
        try await fixture.bus.call(Personas.Change(id: persona, profile: profile(change)), admin)
    }

    @Test func `the next turn of a conversation in memory uses the changed instructions and traits`() async throws {
        try await Fixture.with { fixture in
            let conversation = try await fixture.open()
            _ = try await fixture.send("One", in: conversation)
            let before = try #require(fixture.inference.requests.last?.messages.first?.text)
            let traits = RawJSON(#"{"z":"calm","a":["x","y"]}"#)
            let changed = try await Self.change(conversation.persona.id, fixture) { profile in
                profile.instructions = "You are a tea taster since {current_date}."
                profile.traits = traits
            }
            #expect(changed.traits == traits && changed.persona.conversationCount == 1)
            _ = try await fixture.send("Two", in: conversation)
            let after = try #require(fixture.inference.requests.last?.messages.first?.text)
            #expect(before != after)
            #expect(after.hasPrefix("You are a tea taster since 20"))
            #expect(after.hasSuffix("\n\nYour manner: z: calm; a: x, y."))
            // The date is the conversation's own: the same for every turn.
            _ = try await fixture.send("Three", in: conversation)
            #expect(fixture.inference.requests.last?.messages.first?.text == after)
            let prompt = Conversations.SystemPrompt(id: conversation.id)
            #expect(try await fixture.bus.call(prompt, fixture.context()).text == after)
        }
    }

    @Test func `a persona that does not answer refuses new messages, and its messages remain`() async throws {
        try await Fixture.with { fixture in
            let conversation = try await fixture.open()
            let first = try await fixture.send("One", in: conversation, key: "k1")
            for status in [Persona.Status.comingSoon, .discontinued] {
                _ = try await Self.change(conversation.persona.id, fixture) { $0.status = status }
                let fault = await #expect(throws: Fault.self) { try await fixture.send("Two", in: conversation) }
                #expect(fault?.code == .forbidden)
                #expect(fault?.message.hasPrefix(conversation.persona.displayName) == true)
                await #expect(throws: Fault.self) {
                    try await fixture.send(nil, insteadOf: first.userMessage.id, in: conversation)
                }
                // The repeat of an answered request is answered.
                let again = try await fixture.send("One", in: conversation, key: "k1")
                #expect(again.run == first.run)
                #expect(try await fixture.messages(of: conversation).count == 3)
                try await fixture.expectFault(
                    Conversations.Open(persona: conversation.persona.id),
                    fixture.context("bob"),
                    .forbidden
                )
            }
            #expect(fixture.inference.requests.count == 1)
            _ = try await Self.change(conversation.persona.id, fixture) { $0.status = .active }
            #expect(try await fixture.send("Two", in: conversation).end.status == .completed)
        }
    }

    @Test func `an unknown tool is refused, and names and aliases of tools that are not configured are not`()
        async throws
    {
        try await Fixture.with { fixture in
            let persona = try await fixture.open().persona.id
            for name in ["nope", "", "recall memory"] {
                let fault = await #expect(throws: Fault.self) {
                    try await Self.change(persona, fixture) { $0.tools = ["recall_memory", name] }
                }
                #expect(fault?.code == .invalid)
                let message = fault?.message ?? ""
                #expect(message.hasPrefix("`tools`: there is no tool `\(name)`"), "\(message)")
                for known in ["create_memory", "recall_memory", "web_search"] { #expect(message.contains(known)) }
            }
            let create = Personas.Create(
                profile: Self.profile { profile in
                    (profile.name, profile.instructions, profile.tools) = ("tea", "You are a tea taster.", ["nope"])
                }
            )
            try await fixture.expectFault(create, Self.admin, .invalid)
            let names = ["ddg_search", "gen_image", "get_weather", "create_memory"]
            #expect(try await Self.change(persona, fixture) { $0.tools = names }.persona.tools == names)
        }
    }

    @Test func `a new persona answers, and the changes of built-in ones survive a restart`() async throws {
        try await withTemporaryDirectory { directory in
            let (maya, tea) = try await Fixture.with(directory) { fixture in
                let maya = try await fixture.open().persona
                _ = try await Self.change(maya.id, fixture) { $0.displayName = "Maya F." }
                let create = Personas.Create(
                    profile: Self.profile { ($0.name, $0.instructions) = ("tea-taster", "You are a tea taster.") },
                    key: "k"
                )
                let tea = try await fixture.bus.call(create, Self.admin)
                #expect(try await fixture.bus.call(create, Self.admin) == tea)
                let opened = try await fixture.bus.call(Conversations.Open(persona: tea.persona.id), fixture.context())
                #expect(opened.conversation.messageCount == 0)
                _ = try await fixture.send("One", in: opened.conversation)
                #expect(fixture.inference.requests.last?.messages.first?.text == "You are a tea taster.")
                return (maya.id, tea.persona.id)
            }
            try await Fixture.with(directory) { fixture in
                let found = try await fixture.bus.call(Personas.Find(id: maya), fixture.context())
                #expect(found.displayName == "Maya F." && found.conversationCount == 1)
                let list = try await fixture.bus.call(Personas.List(limit: 100, offset: 0), fixture.context())
                #expect(list.items.first?.id == tea)
                #expect(try await fixture.bus.call(Personas.Inspect(id: tea), Self.admin).persona.name == "tea-taster")
            }
        }
    }

    @Test func `only an admin inspects and changes personas`() async throws {
        try await Fixture.with { fixture in
            let persona = try await fixture.open().persona.id
            let user = fixture.context()
            let profile = Self.profile { $0.displayName = "X" }
            try await fixture.expectFault(Personas.Inspect(id: persona), user, .forbidden)
            try await fixture.expectFault(Personas.Change(id: persona, profile: profile), user, .forbidden)
            try await fixture.expectFault(Personas.Create(profile: profile), user, .forbidden)
            try await fixture.expectFault(Personas.Inspect(id: persona), CallContext(), .unauthorized)
            try await fixture.expectFault(Personas.Inspect(id: Persona.ID()), Self.admin, .missing)
            try await fixture.expectFault(Personas.Create(profile: profile), Self.admin, .invalid)
        }
    }

    @Test func `a conversation is marked as read for its user only`() async throws {
        try await Fixture.with { fixture in
            let conversation = try await fixture.open()
            #expect(conversation.unreadCount == 1 && conversation.readAt == nil)
            let mark = Conversations.MarkRead(id: conversation.id)
            let read = try await fixture.bus.call(mark, fixture.context())
            let list = Conversations.List(limit: 10, offset: 0)
            let listed = try #require(try await fixture.bus.call(list, fixture.context()).items.first)
            #expect(listed.unreadCount == 0 && listed.readAt == read.readAt)
            try await fixture.expectFault(mark, fixture.context("bob"), .forbidden)
        }
    }
}
