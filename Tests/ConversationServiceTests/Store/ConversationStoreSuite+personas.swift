import Contracts
import Testing

@testable import ConversationService

/// Personas that do not answer, and read marks.
extension ConversationStoreSuite {
    func silentPersonas(_ test: TestConversations) async throws {
        let old = try await test.open()
        for status in [Persona.Status.comingSoon, .discontinued] {
            var profile = Personas.Profile()
            profile.status = status
            for persona in test.personas.prefix(2) {
                _ = try await test.store.changePersona(persona, profile, at: test.next()).get()
            }
            let new = try await test.store.openConversation(test.opening(persona: 1))
            #expect(new.fault?.code == .forbidden)
            #expect(new.fault?.message.contains("is no") == true, "\(new.fault?.message ?? "")")
            let another = try await test.store.openConversation(test.opening(another: true))
            #expect(another.fault?.code == .forbidden)
            let existing = try await test.open()
            #expect(!existing.isNew && existing.conversation.id == old.conversation.id)
            #expect(existing.conversation.persona.status == status)
        }
        #expect(try await test.messages(of: old.conversation.id).count == 1)
    }

    func readMarks(_ test: TestConversations) async throws {
        let id = try await test.open().conversation.id
        #expect(try await unread(test) == 1)
        try await test.turn("One", "uno", in: id)
        #expect(try await unread(test) == 1)
        #expect(try await test.messages(of: id).map(\.isRead) == [true, true, false])
        let moment = test.next()
        #expect(try await test.store.markRead(id, of: test.ada, at: moment).get() == moment)
        #expect(try await unread(test) == 0)
        #expect(try await test.messages(of: id).map(\.isRead) == [true, true, true])
        // A clock that was set back.
        let early = Timestamp(microseconds: moment.microseconds - 1_000_000)
        #expect(try await test.store.markRead(id, of: test.ada, at: early).get() == moment)
        let conversation = try await test.store.findConversation(id, of: test.ada).get()
        #expect(conversation.readAt == moment)
        try await test.turn("Two", "due", in: id)
        #expect(try await unread(test) == 1)
        let bob = Principal(user: "bob")
        #expect(try await test.store.markRead(id, of: bob, at: moment).fault?.code == .forbidden)
        #expect(try await test.store.markRead(Conversation.ID(), of: bob, at: moment).fault?.code == .missing)
    }

    private func unread(_ test: TestConversations) async throws -> Int? {
        let list = Conversations.List(limit: 10, offset: 0)
        return try await test.store.listConversations(list, of: "ada").get().items.first?.unreadCount
    }
}
