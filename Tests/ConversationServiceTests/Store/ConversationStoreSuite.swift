import Contracts
import Testing

@testable import ConversationService

/// What every ``ConversationStore`` and ``RunStore`` must do with conversations, messages and paths; each case needs a
/// new store.
enum ConversationStoreSuite: String, CaseIterable {
    case `opening returns the existing conversation, another one, or the one of the key`
    case `a list is continued by its cursor while conversations are used`
    case `extreme limits and offsets are answered`
    case `a page of conversations is bounded in bytes and continued`
    case `a page of messages is bounded in bytes and continued`
    case `an offset is counted over unanswered questions`
    case `an edit starts a path and keeps the other one whole`
    case `selecting a message selects the path that was last selected through it`
    case `siblings are listed in pages with their number`
    case `other users are refused everywhere`
    case `a deleted conversation is gone at once and its rows later`
    case `a large import is stored whole, once, and found by its id`
    case `an import that fails leaves nothing visible`
    case `a refused request does not roll back concurrent ones`
    case `objects are counted`
    case `answers are unread until the user reads or writes`
    case `a persona that does not answer opens no conversation, and its old ones remain`
    case `the users of a persona and their latest conversations are found`

    typealias Store = ConversationStore & RunStore & PersonaStore

    func check(_ store: any Store) async throws {
        let conversations = try await TestConversations(store)
        switch self {
        case .`opening returns the existing conversation, another one, or the one of the key`:
            try await opening(conversations)
        case .`a list is continued by its cursor while conversations are used`: try await cursor(conversations)
        case .`extreme limits and offsets are answered`: try await extremes(conversations)
        case .`a page of conversations is bounded in bytes and continued`: try await listBytes(conversations)
        case .`a page of messages is bounded in bytes and continued`: try await messageBytes(conversations)
        case .`an offset is counted over unanswered questions`: try await offsets(conversations)
        case .`an edit starts a path and keeps the other one whole`: try await edit(conversations)
        case .`selecting a message selects the path that was last selected through it`: try await select(conversations)
        case .`siblings are listed in pages with their number`: try await siblings(conversations)
        case .`other users are refused everywhere`: try await refusals(conversations)
        case .`a deleted conversation is gone at once and its rows later`: try await deletion(conversations)
        case .`a large import is stored whole, once, and found by its id`: try await largeImport(conversations)
        case .`an import that fails leaves nothing visible`: try await conflictingImport(conversations)
        case .`a refused request does not roll back concurrent ones`: try await concurrentRefusals(conversations)
        case .`objects are counted`: try await counts(conversations)
        case .`answers are unread until the user reads or writes`: try await readMarks(conversations)
        case .`a persona that does not answer opens no conversation, and its old ones remain`:
            try await silentPersonas(conversations)
        case .`the users of a persona and their latest conversations are found`: try await users(conversations)
        }
    }

    private func opening(_ test: TestConversations) async throws {
        let first = try await test.open()
        #expect(first.isNew)
        #expect(first.conversation.recentMessages.map(\.role) == [.assistant])
        let again = try await test.open()
        #expect(!again.isNew && again.conversation.id == first.conversation.id)
        let another = try await test.open(another: true, key: "k")
        #expect(another.isNew && another.conversation.id != first.conversation.id)
        let repeated = try await test.open(another: true, key: "k")
        #expect(repeated.isNew && repeated.conversation.id == another.conversation.id)
        let changed = try await test.store.openConversation(test.opening(another: false, key: "k"))
        #expect(changed.fault?.code == .keyReused)
        let reused = try await test.store.openConversation(test.opening(persona: 1, key: "k"))
        #expect(reused.fault?.code == .keyReused)
        let missing = try await test.store.openConversation(
            ConversationOpening(user: "ada", persona: Persona.ID(), opensAnother: false, moment: test.next())
        )
        #expect(missing.fault?.code == .missing)
    }

    private func edit(_ test: TestConversations) async throws {
        let id = try await test.open().conversation.id
        let first = try await test.turn("One", "uno", in: id)
        try await test.turn("Two", "due", in: id)
        let greeting = try await test.texts(of: id)[0]
        try await test.turn(.edit(first.question.id, Message.Content(text: "One?")), "eins", in: id)
        #expect(try await test.texts(of: id) == [greeting, "One?", "eins"])
        let versions = try await test.messages(of: id).map(\.branch)
        #expect(versions == [nil, .init(index: 1, count: 2), nil])
        try await test.turn("Three", "drei", in: id)
        try await test.select(first.question.id, in: id)
        #expect(try await test.texts(of: id) == [greeting, "One", "uno", "Two", "due"])
        #expect(try await test.open().conversation.messageCount == 5)
    }

    private func select(_ test: TestConversations) async throws {
        let id = try await test.open().conversation.id
        let one = try await test.turn("One", "uno", in: id)
        let two = try await test.turn("Two", "due", in: id)
        let other = try await test.turn(.regenerate(two.question.id), "zwei", in: id)
        try await test.turn("Three", "drei", in: id)
        try await test.select(try #require(two.answer).id, in: id)
        #expect(try await test.texts(of: id).suffix(4) == ["One", "uno", "Two", "due"])
        try await test.turn("Four", "quattro", in: id)
        try await test.select(try #require(other.answer).id, in: id)
        #expect(try await test.texts(of: id).suffix(6) == ["One", "uno", "Two", "zwei", "Three", "drei"])
        // A message on both paths changes nothing.
        try await test.select(one.question.id, in: id)
        #expect(try await test.texts(of: id).suffix(2) == ["Three", "drei"])
    }

    private func siblings(_ test: TestConversations) async throws {
        let id = try await test.open().conversation.id
        let first = try await test.turn("One", "0", in: id)
        for number in 1..<7 { try await test.turn(.regenerate(first.question.id), "\(number)", in: id) }
        let answer = try #require(first.answer)
        var (texts, after): ([String], Message.ID?) = ([], nil)
        repeat {
            var request = Messages.Siblings(conversation: id, message: answer.id)
            (request.limit, request.after) = (3, after)
            let page = try await test.store.listSiblings(request, of: test.ada).get()
            #expect(page.total == 7)
            #expect(page.items.allSatisfy { $0.branch?.count == 7 })
            texts += page.items.map(\.content.text)
            after = try page.next.map { try #require(Message.ID($0)) }
        } while after != nil
        #expect(texts == (0..<7).map(String.init))
    }

    private func refusals(_ test: TestConversations) async throws {
        let id = try await test.open().conversation.id
        let message = try #require(try await test.messages(of: id).first).id
        let bob = Principal(user: "bob")
        let store = test.store
        let list = Messages.List(conversation: id, limit: 1, offset: 0, order: .ascending)
        #expect(try await store.listMessages(list, of: bob).fault?.code == .forbidden)
        let siblings = Messages.Siblings(conversation: id, message: message)
        #expect(try await store.listSiblings(siblings, of: bob).fault?.code == .forbidden)
        let select = Messages.Select(conversation: id, message: message, limit: 1)
        #expect(try await store.selectPath(select, of: bob, at: .now()).fault?.code == .forbidden)
        #expect(try await store.deleteConversation(id, of: bob).fault?.code == .forbidden)
        #expect(try await store.deleteConversation(Conversation.ID(), of: bob).fault?.code == .missing)
        #expect(try await test.texts(of: id).count == 1)
    }

    private func deletion(_ test: TestConversations) async throws {
        let id = try await test.open().conversation.id
        let kept = try await test.open(another: true).conversation.id
        try await test.turn("Keep", "Kept", in: kept)
        let first = try await test.turn("One", "uno", in: id)
        for number in 0..<300 { try await test.turn("\(number)", "!", in: id) }
        try await test.turn(.edit(first.question.id, Message.Content(text: "One?")), "eins", in: id)
        #expect(try await test.store.deleteConversation(id, of: test.ada).get() == 1 + 2 + 600 + 2)
        let list = Messages.List(conversation: id, limit: 1, offset: 0, order: .ascending)
        #expect(try await test.store.listMessages(list, of: test.ada).fault?.code == .missing)
        #expect(try await test.store.deleteConversation(id, of: test.ada).fault?.code == .missing)
        let page = try await test.store.listConversations(.init(limit: 10, offset: 0), of: "ada").get()
        #expect(page.items.map(\.id) == [kept] && page.total == 1)
        var jobs = 0
        while try await test.store.purgeConversations() { jobs += 1 }
        #expect(jobs > 3)
        #expect(try await test.texts(of: kept).suffix(2) == ["Keep", "Kept"])
        let count = try await test.store.countObjects()
        #expect(count.conversations == 1 && count.messages == 3)
    }

    private func largeImport(_ test: TestConversations) async throws {
        let messages = (0..<1501).map {
            Inference.Message(role: $0.isMultiple(of: 2) ? .user : .assistant, content: "\($0)")
        }
        let request = Conversations.Import.sample(messages)
        let attempts = try (0..<3).map { _ in try ImportedConversation(request, at: test.next()) }
        let results = try await concurrently(3) { number in
            (number, try await test.store.importConversation(attempts[number], of: test.ada).get())
        }
        let imported = attempts[try #require(results.first { $0.1.isNew }).0]
        #expect(results.count(where: \.1.isNew) == 1)
        #expect(results.allSatisfy { $0.1.messageCount == 1502 })
        #expect(try await test.texts(of: imported.id, limit: 2000).prefix(1501).map(\.self) == messages.map(\.text))
        let count = try await test.store.countObjects()
        #expect(count.conversations == 1 && count.messages == 1502)
        let run = try await test.store.findRun(imported.run.id, in: imported.id, of: test.ada)
        #expect(try run.get().status == .completed)
        let turn = try await test.turn("More", "Yes", in: imported.id)
        #expect(turn.question.parent == imported.messages.last?.message.id)
        // What the repeated imports stored is deleted.
        while try await test.store.purgeConversations() {}
        #expect(try await test.store.countObjects().messages == 1504)
    }

    private func conflictingImport(_ test: TestConversations) async throws {
        let messages = (0..<1000).map { _ in Inference.Message(role: .user, content: "x") }
        let request = Conversations.Import.sample(messages)
        _ = try await test.store.importConversation(ImportedConversation(request, at: test.next()), of: test.ada).get()
        let another = try ImportedConversation(request, at: test.next())
        let refused = try await test.store.importConversation(another, of: Principal(user: "bob"))
        #expect(refused.fault?.code == .conflict)
        let page = try await test.store.listConversations(.init(limit: 10, offset: 0), of: "bob").get()
        #expect(page.items.isEmpty && page.total == 0)
        #expect(try await test.store.countObjects().conversations == 1)
    }

    private func concurrentRefusals(_ test: TestConversations) async throws {
        let id = try await test.open().conversation.id
        let store = test.store
        let results = try await concurrently(60) { number in
            if number.isMultiple(of: 2) {
                return try await store.openConversation(test.opening(another: true)).fault == nil
            }
            let select = Messages.Select(conversation: id, message: Message.ID(), limit: 1)
            return try await store.selectPath(select, of: test.ada, at: .now()).fault == nil
        }
        #expect(results.count(where: \.self) == 30)
        #expect(try await store.countObjects().conversations == 31)
    }

    private func counts(_ test: TestConversations) async throws {
        let id = try await test.open().conversation.id
        try await test.turn("One", "uno", in: id)
        try await test.turn("Two", nil, in: id)
        let count = try await test.store.countObjects()
        #expect(count.conversations == 1 && count.messages == 4)
        #expect(try await test.store.findPersona(test.personas[0])?.persona.conversationCount == 1)
    }

    private func users(_ test: TestConversations) async throws {
        let (persona, other) = (test.personas[0], test.personas[1])
        var latest: [[UInt8]: Conversation.ID] = [:]
        // The last two differ only in Unicode normalization.
        let users = ["ada", "bob", "carol", "\u{E9}", "e\u{301}"]
        for user in users + users {
            let opening = ConversationOpening(user: user, persona: persona, opensAnother: true, moment: test.next())
            latest[Array(user.utf8)] = try await test.store.openConversation(opening).get().conversation.id
        }
        _ = try await test.store.openConversation(
            ConversationOpening(user: "dora", persona: other, opensAnother: false, moment: test.next())
        )
        var (found, last): ([String], String?) = ([], nil)
        while true {
            let page = try await test.store.users(with: persona, after: last, limit: 2)
            guard let end = page.last else { break }
            (found, last) = (found + page, end)
        }
        let expected = users.map { Array($0.utf8) }.sorted { $0.lexicographicallyPrecedes($1) }
        #expect(found.map { Array($0.utf8) } == expected)
        for user in users {
            let conversation = try await test.store.latestConversation(of: user, with: persona)
            #expect(conversation?.id == latest[Array(user.utf8)])
        }
        let deleted = try #require(latest[Array("bob".utf8)])
        _ = try await test.store.deleteConversation(deleted, of: Principal(user: "bob")).get()
        let rest = try await test.store.latestConversation(of: "bob", with: persona)
        #expect(rest != nil && rest?.id != deleted)
        #expect(try await test.store.latestConversation(of: "dora", with: persona) == nil)
    }
}
