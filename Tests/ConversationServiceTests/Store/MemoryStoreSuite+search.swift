import Contracts
import Testing

@testable import ConversationService

extension MemoryStoreSuite {
    private static let model = EmbeddingModel(name: "test/a", dimensions: 3)

    func words(_ store: any MemoryStore) async throws {
        for text in ["I live in Paris", "I live in Oslo", "My sister lives near Paris", "The tea is green"] {
            try await store.add(text)
        }
        #expect(try await store.search("Oslo, where I live?") == ["I live in Oslo", "I live in Paris"])
        #expect(try await store.search("paris") == ["My sister lives near Paris", "I live in Paris"])
        #expect(try await store.search("paris", limit: 1) == ["My sister lives near Paris"])
        #expect(try await store.search("the") == ["The tea is green"])
        #expect(try await store.search("coffee") == [])
        #expect(try await store.search("") == [])
        // Common words do not count beside others.
        #expect(try await store.search("the coffee") == [])
    }

    func syntax(_ store: any MemoryStore) async throws {
        for text in ["see TKT-907 now", "it isn't so", "fs::path", "I write C++ and C#", "plain c"] {
            try await store.add(text)
        }
        let expected: [(String, [String])] = [
            ("TKT-907", ["see TKT-907 now"]), ("isn't", ["it isn't so"]), ("fs::path", ["fs::path"]),
            ("C++", ["I write C++ and C#"]), ("c#", ["I write C++ and C#"]), ("a.b@x.de", []),
        ]
        for (query, texts) in expected { #expect(try await store.search(query) == texts, "\(query)") }
        let hostile = [
            "\"", "\"unclosed", "'; DROP TABLE memories; --", "*", "tkt*", "NEAR(a b)", "a AND OR NOT", "text:x",
            "-907", "^x",
            "{x}", "(", "%", "_", "\\", "a\0b", "\u{FEFF}", "\u{202E}abc", "🙂", "👨‍👩‍👧‍👦",
            String(repeating: "(", count: 4000),
            String(repeating: "x ", count: 2000), String(repeating: "e\u{301}", count: 1000), "?1", ":a", "$x",
            "\r\n\t",
        ]
        for query in hostile { _ = try await store.search(query) }
        #expect(try await store.search("drop table memories") == [])
        #expect(try await store.texts().count == 5)
    }

    func scripts(_ store: any MemoryStore) async throws {
        let chinese = "第3轮 部署web-proxy前先备份"
        let texts = [
            chinese, "会議の議事録", "회의록입니다", "ขอบคุณครับ", "Żółta łódź", "ΣΟΦΟΣ", "ＡＢＣ１", "Добрий день", "Große Straße",
        ]
        for text in texts { try await store.add(text) }
        for query in ["备份", "部署", "proxy", "web-proxy", "第3轮", "WEB"] {
            #expect(try await store.search(query) == [chinese], "\(query)")
        }
        let expected = [
            ("議事録", "会議の議事録"), ("会", "会議の議事録"), ("회의록", "회의록입니다"), ("ขอบคุณ", "ขอบคุณครับ"),
            ("z\u{307}o\u{301}łta", "Żółta łódź"), ("ŁÓDŹ", "Żółta łódź"), ("σοφος", "ΣΟΦΟΣ"), ("σοφοσ", "ΣΟΦΟΣ"),
            ("abc1", "ＡＢＣ１"), ("ДОБРИЙ", "Добрий день"), ("STRASSE", "Große Straße"),
        ]
        for (query, text) in expected { #expect(try await store.search(query) == [text], "\(query)") }
        #expect(try await store.search("备用") == [])
        try await accents(store)
        try await symbols(store)
    }

    private func accents(_ store: any MemoryStore) async throws {
        let expected = [
            ("cafe", "The café"), ("CAFE\u{301}", "The café"), ("naive", "So naïve"), ("strasse", "Große Straße"),
            ("lodz", "Żółta łódź"), ("smorrebrod", "Smørrebrød"), ("creme brulee", "Crème brûlée"),
            ("istanbul", "İSTANBUL"), ("елка", "Ёлка"), ("tieng viet", "Tiếng Việt"), ("κοσμος", "κόσμος"),
        ]
        for text in Set(expected.map(\.1)).sorted() { try await store.add(text) }
        for (query, text) in expected { #expect(try await store.search(query) == [text], "\(query)") }
        // A memory without accents is found by a query with them.
        try await store.add("resume of work")
        #expect(try await store.search("résumé") == ["resume of work"])
        // Signs that are letters of their own remain.
        for text in ["हिन्दी", "がぎ"] { try await store.add(text) }
        #expect(try await store.search("हन्द") == [])
        #expect(try await store.search("がぎ") == ["がぎ"])
        #expect(try await store.search("か") == [])
        // Changing and deleting a memory removes its words.
        let memory = try await store.add("Ångström")
        _ = try await store.changeMemory(memory.id, to: MemoryText("nothing"), of: "alice", at: .now()).get()
        #expect(try await store.search("angstrom") == [])
    }

    private func symbols(_ store: any MemoryStore) async throws {
        let texts = ["My birthday 🎉", "I love it ❤️", "Family 👨‍👩‍👧", "From 🇩🇪", "From 🇩🇰", "Well👍🏽done", "5 ☆ of ★"]
        for text in texts { try await store.add(text) }
        let expected = [
            ("🎉", texts[0]), ("🎉🎂", texts[0]), ("❤", texts[1]), ("❤️", texts[1]), ("👧", texts[2]),
            ("👨‍👩‍👧", texts[2]), ("🇩🇪", texts[3]), ("🇩🇰", texts[4]), ("👍", texts[5]), ("👍🏿", texts[5]), ("★", texts[6]),
        ]
        for (query, text) in expected { #expect(try await store.search(query) == [text], "\(query)") }
        for query in ["🎂", "🏽", "\u{FE0F}"] { #expect(try await store.search(query) == [], "\(query)") }
    }

    func meaning(_ store: any MemoryStore) async throws {
        let vectors: [String: [Float]] = [
            "a dog": [1, 0, 0], "a puppy": [0.9, 0.1, 0], "a car": [0, 0, 1], "a dog and a car": [0.6, 0, 0.6],
        ]
        for text in vectors.keys.sorted() { try await store.add(text) }
        try await store.embedAll(by: Self.model) { vectors[$0] }
        #expect(try await store.memoriesToEmbed(by: Self.model, limit: 10) == [])
        let hound = (try #require(MemoryVector([5, 0, 0])), Self.model)
        let nearest = try await store.search("hound", meaning: hound)
        #expect(nearest == ["a dog", "a puppy", "a dog and a car", "a car"])
        #expect(try await store.search("hound", meaning: hound, similarity: .atLeast(0.9)) == ["a dog", "a puppy"])
        #expect(try await store.search("hound", meaning: hound, similarity: .aboveAverage) == ["a dog", "a puppy"])
        // The one that both lists contain comes first.
        #expect(try await store.search("car", meaning: hound, limit: 1) == ["a dog and a car"])
        let dog = try #require(
            try await store.listMemories(of: "alice", limit: 10, offset: 0).items.first { $0.text == "a dog" }
        )
        try await store.deleteMemory(dog.id, of: "alice").get()
        #expect(try await store.search("hound", meaning: hound, limit: 1) == ["a puppy"])
        try await store.add("a wolf")
        try await store.embedAll(by: Self.model) { _ in [1, 0, 0] }
        #expect(try await store.search("hound", meaning: hound, limit: 1) == ["a wolf"])
    }

    func models(_ store: any MemoryStore) async throws {
        let memory = try await store.add("tea")
        let old = try #require(try await store.memoriesToEmbed(by: nil, limit: 10).first)
        let changed = try await store.changeMemory(memory.id, to: MemoryText("coffee"), of: "alice", at: .now()).get()
        try await store.storeEmbeddings([(old, MemoryVector([1, 0, 0]))], of: Self.model)
        let meaning = (try #require(MemoryVector([1, 0, 0])), Self.model)
        #expect(try await store.search("x", meaning: meaning) == [])
        try await store.embedAll(by: Self.model) { _ in [1, 0, 0] }
        #expect(try await store.search("x", meaning: meaning) == ["coffee"])
        for other in [EmbeddingModel(name: "test/b", dimensions: 3), EmbeddingModel(name: "test/a", dimensions: 4)] {
            let vector = try #require(MemoryVector([Float](repeating: 1, count: other.dimensions)))
            #expect(try await store.search("x", meaning: (vector, other)) == [])
            #expect(try await store.search("coffee", meaning: (vector, other)) == ["coffee"])
            #expect(try await store.memoriesToEmbed(by: other, limit: 10).map(\.id) == [changed.id])
            try await store.embedAll(by: other) { _ in [Float](repeating: 1, count: other.dimensions) }
            #expect(try await store.search("x", meaning: (vector, other)) == ["coffee"])
            #expect(try await store.search("x", meaning: meaning) == [])
        }
        // A memory that the model refuses is not tried again, and is found by its words.
        try await store.add("refused")
        try await store.embedAll(by: Self.model) { $0 == "refused" ? nil : [1, 0, 0] }
        #expect(try await store.memoriesToEmbed(by: Self.model, limit: 10) == [])
        #expect(try await store.search("x", meaning: meaning) == ["coffee"])
        #expect(try await store.search("refused") == ["refused"])
    }

    func edits(_ store: any MemoryStore) async throws {
        let (tea, dog) = (try await store.add("I love tea"), try await store.add("I have a dog"))
        let other = try await store.add("I love tea", of: "bob")
        let hate = try MemoryText("I hate tea")
        let rejected = [
            MemoryEdits(additions: [hate], deletions: [tea.id, Memory.ID()]),
            MemoryEdits(additions: [hate], deletions: [tea.id, other.id]),
            MemoryEdits(replacements: [.init(id: other.id, text: hate)], deletions: [tea.id]),
            MemoryEdits(replacements: [.init(id: tea.id, text: hate)], deletions: [tea.id]),
        ]
        for edits in rejected { try await expectRefusal(.missing) { try await store.edit(edits) } }
        #expect(try await store.texts() == ["I have a dog", "I love tea"])
        #expect(try await store.texts(of: "bob") == ["I love tea"])
        let correction = MemoryEdits(additions: [hate, hate], deletions: [tea.id])
        #expect(try await store.edit(correction).get() == MemoryEdits.Applied(added: 1, deleted: 1))
        #expect(try await store.texts() == ["I hate tea", "I have a dog"])
        #expect(try await store.edit(MemoryEdits(additions: [hate])).get() == MemoryEdits.Applied())
        let cat = MemoryEdits(replacements: [.init(id: dog.id, text: try MemoryText("I have a cat"))])
        #expect(try await store.edit(cat).get() == MemoryEdits.Applied(replaced: 1))
        #expect(try await store.search("dog") == [])
        // The replacement exists already.
        let same = MemoryEdits(replacements: [.init(id: dog.id, text: hate)])
        #expect(try await store.edit(same).get() == MemoryEdits.Applied(deleted: 1))
        #expect(try await store.texts() == ["I hate tea"])
        let last = try #require(try await store.listMemories(of: "alice", limit: 1, offset: 0).items.first)
        #expect(last.source == .extraction)
        #expect(try await store.edit(MemoryEdits(deletions: [last.id])).get() == MemoryEdits.Applied(deleted: 1))
        #expect(try await store.listMemories(of: "alice", limit: 1, offset: 0).total == 0)
        #expect(try await store.edit(MemoryEdits()).get() == MemoryEdits.Applied())
    }
}
