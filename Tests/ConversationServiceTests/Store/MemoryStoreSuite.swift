import Contracts
import Testing

@testable import ConversationService

/// What every ``MemoryStore`` must do; each case needs a new store.
enum MemoryStoreSuite: String, CaseIterable {
    case `memories are listed newest first, found, changed and deleted`
    case `another user's memories are missing for every verb`
    case `the same text is stored once`
    case `a repeated request returns the first memory`
    case `cleared memories are gone at once and deleted later`
    case `memories are found by their words, rare ones first`
    case `a query has no syntax`
    case `text without blanks and other spellings are found`
    case `memories are found by meaning, and by both`
    case `a vector of another model or of a former text is not used`
    case `edits are applied all or none`
    case `the users with memories are known`

    private static let model = EmbeddingModel(name: "test/a", dimensions: 3)

    func check(_ store: any MemoryStore) async throws {
        switch self {
        case .`memories are listed newest first, found, changed and deleted`: try await verbs(store)
        case .`another user's memories are missing for every verb`: try await owners(store)
        case .`the same text is stored once`: try await duplicates(store)
        case .`a repeated request returns the first memory`: try await repeats(store)
        case .`cleared memories are gone at once and deleted later`: try await clear(store)
        case .`memories are found by their words, rare ones first`: try await words(store)
        case .`a query has no syntax`: try await syntax(store)
        case .`text without blanks and other spellings are found`: try await scripts(store)
        case .`memories are found by meaning, and by both`: try await meaning(store)
        case .`a vector of another model or of a former text is not used`: try await models(store)
        case .`edits are applied all or none`: try await edits(store)
        case .`the users with memories are known`: try await users(store)
        }
    }

    private func verbs(_ store: any MemoryStore) async throws {
        let (first, second) = (try await store.add("one"), try await store.add("  two words \n"))
        #expect(second.text == "two words")
        let page = try await store.listMemories(of: "alice", limit: 1, offset: 1)
        #expect(page.items == [first])
        #expect(page.total == 2)
        #expect(try await store.findMemory(second.id, of: "alice").get() == second)
        let changed = try await store.changeMemory(
            first.id,
            to: MemoryText("three"),
            of: "alice",
            at: Timestamp(microseconds: 0)
        ).get()
        #expect(changed.text == "three")
        #expect(changed.createdAt == first.createdAt)
        #expect(changed.updatedAt.microseconds > first.updatedAt.microseconds)
        #expect(try await store.search("one") == [])
        #expect(try await store.search("three") == ["three"])
        try await expectRefusal(.conflict) {
            try await store.changeMemory(first.id, to: MemoryText("TWO  words"), of: "alice", at: .now())
        }
        _ = try await store.changeMemory(first.id, to: MemoryText("Three"), of: "alice", at: .now()).get()
        try await store.deleteMemory(first.id, of: "alice").get()
        try await expectRefusal(.missing) { try await store.findMemory(first.id, of: "alice") }
        try await expectRefusal(.missing) { try await store.deleteMemory(first.id, of: "alice") }
        #expect(try await store.texts() == ["two words"])
        #expect(try await store.search("three") == [])
        #expect(try await store.listMemories(of: "alice", limit: 0, offset: 0).total == 1)
    }

    private func owners(_ store: any MemoryStore) async throws {
        let text = "my code word is heron"
        let own = try await store.add(text)
        let others = try await store.add(text, of: "bob")
        #expect(own.id != others.id)
        // The same user name in another Unicode form is another user.
        _ = try await store.add("composed", of: "\u{E9}")
        _ = try await store.add("decomposed", of: "e\u{301}")
        try await store.embedAll(by: Self.model) { _ in [1, 0, 0] }
        try await expectRefusal(.missing) { try await store.findMemory(own.id, of: "bob") }
        try await expectRefusal(.missing) {
            try await store.changeMemory(own.id, to: MemoryText("x"), of: "bob", at: .now())
        }
        try await expectRefusal(.missing) { try await store.deleteMemory(own.id, of: "bob") }
        try await expectRefusal(.missing) { try await store.edit(MemoryEdits(deletions: [own.id]), of: "bob") }
        let meaning = (try #require(MemoryVector([1, 0, 0])), Self.model)
        for user in ["alice", "bob"] {
            var query = MemoryQuery(words: MemoryWords.query("heron", includesCommon: true), limit: 10)
            query.meaning = meaning
            let found = try await store.searchMemories(query, of: user)
            #expect(found.map(\.id) == [user == "alice" ? own.id : others.id])
        }
        #expect(try await store.search("heron code", of: "carol", meaning: meaning) == [])
        #expect(try await store.texts(of: "\u{E9}") == ["composed"])
        #expect(try await store.search("x", of: "e\u{301}", meaning: meaning) == ["decomposed"])
        #expect(try await store.clearMemories(of: "bob") == 1)
        #expect(try await store.texts() == [text])
        #expect(try await store.search("heron", meaning: meaning) == [text])
    }

    private func duplicates(_ store: any MemoryStore) async throws {
        let first = try await store.create("I love  Żółta tea").get()
        #expect(first.isNew)
        for text in ["i love żółta TEA", " I love Z\u{307}o\u{301}łta\u{A0}tea ", "I love Żółta tea"] {
            let same = try await store.create(text).get()
            #expect(!same.isNew)
            #expect(same.memory == first.memory)
        }
        #expect(try await store.create("I love tea").get().isNew)
        let results = try await concurrently(12) { _ in try await store.create("the same").get() }
        #expect(results.count(where: \.isNew) == 1)
        #expect(Set(results.map(\.memory.id)).count == 1)
        #expect(try await store.listMemories(of: "alice", limit: 10, offset: 0).total == 3)
    }

    private func repeats(_ store: any MemoryStore) async throws {
        let results = try await concurrently(8) { _ in try await store.create("one", key: "k").get() }
        #expect(results.count(where: \.isNew) == 1)
        let memory = results[0].memory
        try await expectRefusal(.keyReused) { try await store.create("two", key: "k") }
        #expect(try await store.create("two", of: "bob", key: "k").get().isNew)
        let changed = try await store.changeMemory(memory.id, to: MemoryText("new"), of: "alice", at: .now()).get()
        #expect(try await store.create("one", key: "k").get().memory == changed)
        try await store.deleteMemory(memory.id, of: "alice").get()
        try await expectRefusal(.missing) { try await store.create("one", key: "k") }
        #expect(try await store.texts() == [])
    }

    private func clear(_ store: any MemoryStore) async throws {
        let old = try await store.add("an old heron")
        for number in 0..<130 { try await store.add("heron \(number)") }
        try await store.add("a heron of bob", of: "bob")
        try await store.embedAll(by: Self.model) { _ in [1, 0, 0] }
        let meaning = (try #require(MemoryVector([1, 0, 0])), Self.model)
        #expect(try await store.search("heron", meaning: meaning, limit: 1).count == 1)
        #expect(try await store.clearMemories(of: "alice") == 131)
        #expect(try await store.clearMemories(of: "alice") == 0)
        for _ in 0..<2 {
            #expect(try await store.texts() == [])
            #expect(try await store.search("heron", meaning: meaning) == [])
            try await expectRefusal(.missing) { try await store.findMemory(old.id, of: "alice") }
            try await store.add("a new heron")
            #expect(try await store.search("heron", meaning: meaning) == ["a new heron"])
            _ = try await store.clearMemories(of: "alice")
            while try await store.purgeMemories() {}
        }
        #expect(try await store.memoriesToEmbed(by: nil, limit: 10) == [])
        #expect(try await store.search("heron", of: "bob", meaning: meaning) == ["a heron of bob"])
    }

    private func users(_ store: any MemoryStore) async throws {
        #expect(!store.mayHaveMemories)
        #expect(!store.mayHaveMemories("alice"))
        try await store.add("one")
        _ = try await store.edit(MemoryEdits(additions: [MemoryText("two")]), of: "bob").get()
        #expect(store.mayHaveMemories)
        #expect(store.mayHaveMemories("alice"))
        #expect(store.mayHaveMemories("bob"))
        #expect(!store.mayHaveMemories("carol"))
    }
}
