import Contracts
import TestSupport
import Testing

@testable import ConversationService

/// ``SQLiteStore`` passes the suite of memories, and what concerns its tables.
@Suite(.timeLimit(.minutes(5)))
struct SQLiteMemoryStoreTests {
    private static let model = EmbeddingModel(name: "test/a", dimensions: 3)
    private static let tables = [
        "memory_owners", "memories", "memory_words", "memory_signatures", "memory_vectors",
    ]

    @Test(arguments: MemoryStoreSuite.allCases)
    func `memories`(_ property: MemoryStoreSuite) async throws {
        try await withSQLiteStore { try await property.check($0) }
    }

    private func counts(_ store: SQLiteStore) async throws -> [Int] {
        try await store.database.read { connection throws(StoreError) in
            var counts: [Int] = []
            for table in Self.tables { counts.append(try connection.value("SELECT COUNT(*) FROM \(table)") ?? -1) }
            return counts
        }
    }

    @Test func `nothing of a deleted memory is left`() async throws {
        try await withSQLiteStore { store in
            let memories = [try await store.add("The zebra is 7"), try await store.add("部署 c++")]
            for text in ["one", "two", "three"] { try await store.add(text, of: "bob") }
            try await store.embedAll(by: Self.model) { _ in [1, 0, 0] }
            #expect(try await counts(store).allSatisfy { $0 > 0 })
            _ = try await store.changeMemory(memories[0].id, to: MemoryText("A lion"), of: "alice", at: .now()).get()
            for memory in memories { try await store.deleteMemory(memory.id, of: "alice").get() }
            #expect(try await counts(store) == [1, 3, 3, 3, 3])
            _ = try await store.clearMemories(of: "bob")
            while try await store.purgeMemories() {}
            #expect(try await counts(store) == [0, 0, 0, 0, 0])
        }
    }

    @Test func `the number of memories is limited`() async throws {
        try await withSQLiteStore { store in
            let memory = try await store.add("one")
            try await store.database.write { connection throws(StoreError) in
                try connection.run("UPDATE memory_owners SET memory_count = \(Memory.maxCount)")
            }
            try await expectRefusal(.conflict) { try await store.create("two") }
            let edits = MemoryEdits(additions: [try MemoryText("two")])
            try await expectRefusal(.conflict) { try await store.edit(edits) }
            #expect(try await store.create("ONE").get().memory == memory)
            #expect(try await store.create("two", of: "bob").get().isNew)
            var swap = edits
            swap.deletions = [memory.id]
            #expect(try await store.edit(swap).get() == MemoryEdits.Applied(added: 1, deleted: 1))
        }
    }

    @Test func `the users with memories are known after a restart`() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/store.sqlite"
            do {
                let store = try await SQLiteStore.open(at: path)
                try await store.add("one")
                try await store.add("two", of: "bob")
                _ = try await store.clearMemories(of: "bob")
            }
            try await waitForRelease(directory, file: "store.sqlite")
            let store = try await SQLiteStore.open(at: path)
            #expect(store.mayHaveMemories("alice"))
            #expect(!store.mayHaveMemories("bob"))
            #expect(try await store.search("one") == ["one"])
        }
    }

    @Test func `the provenance ends with the conversation, and the memory stays`() async throws {
        try await withTemporaryDirectory { directory in
            let store = try await SQLiteStore.sample(in: directory)
            let conversations = [try await store.openConversation(), try await store.openConversation()]
            for (index, conversation) in conversations.enumerated() {
                let origin = MemoryOrigin(
                    user: "alice",
                    source: .tool,
                    conversation: conversation.id,
                    message: Message.ID(),
                    moment: .now()
                )
                _ = try await store.createMemory(NewMemory(origin: origin, text: MemoryText("fact \(index)"))).get()
            }
            _ = try await store.deleteConversation(conversations[0].id, of: Principal(user: "alice")).get()
            for isPurged in [false, true] {
                if isPurged { while try await store.purgeConversations() {} }
                let memories = try await store.listMemories(of: "alice", limit: 10, offset: 0).items
                #expect(memories.map(\.text) == ["fact 1", "fact 0"])
                #expect(memories.map(\.conversation) == [conversations[1].id, nil])
                #expect(memories[0].message != nil)
                #expect(memories[1].message == nil)
                #expect(memories[1].source == .tool)
            }
            // Row numbers are used again: the next conversation must not become the provenance.
            let next = try await store.openConversation()
            #expect(
                try await store.listMemories(of: "alice", limit: 10, offset: 0).items.allSatisfy {
                    $0.conversation != next.id
                }
            )
            // Another user's conversation is no provenance either.
            let foreign = MemoryOrigin(
                user: "bob",
                source: .tool,
                conversation: next.id,
                message: Message.ID(),
                moment: .now()
            )
            let created = try await store.createMemory(NewMemory(origin: foreign, text: MemoryText("x"))).get()
            #expect(created.memory.conversation == nil)
        }
    }

    @Test func `of many memories the nearest are found by their signatures`() async throws {
        try await withSQLiteStore { store in
            let model = EmbeddingModel(name: "test/c", dimensions: 96)
            var generator = SeededGenerator(seed: 7)
            var vectors: [String: [Float]] = [:]
            for number in 0..<1500 {
                vectors["fact \(number)"] = (0..<96).map { _ in Float.random(in: -1...1, using: &generator) }
            }
            // Near to one of them.
            let target = try #require(vectors["fact 77"])
            let edits = try vectors.keys.map { try MemoryText($0) }
            for start in stride(from: 0, to: edits.count, by: 500) {
                _ = try await store.edit(MemoryEdits(additions: Array(edits[start..<(start + 500)]))).get()
            }
            for _ in 0..<2 { try await store.embedAll(by: model) { vectors[$0] } }
            let query = target.map { $0 + Float.random(in: -0.3...0.3, using: &generator) }
            let meaning = (try #require(MemoryVector(query)), model)
            for _ in 0..<2 {
                #expect(try await store.search("", meaning: meaning, limit: 1) == ["fact 77"])
            }
            #expect(store.signatures.bytes > 1500 * 24)
        }
    }
}
