import Bus
import Contracts
import TestSupport
import Testing

/// The endpoints for memories, over the bus.
@Suite(.timeLimit(.minutes(5)))
struct MemoryTests {
    private func texts(_ fixture: Fixture, _ query: String, as user: String = "alice") async throws -> [String] {
        try await fixture.bus.call(Memories.Search(query: query, limit: 10), fixture.context(user)).map(\.text)
    }

    @discardableResult
    private func create(_ fixture: Fixture, _ text: String, as user: String = "alice") async throws -> Memory {
        try await fixture.bus.call(Memories.Create(text: text), fixture.context(user)).memory
    }

    @Test func `a memory is created, listed, found, changed, deleted and cleared`() async throws {
        try await Fixture.with { fixture in
            let memory = try await create(fixture, "I like tea")
            #expect(memory.source == .user)
            #expect(memory.conversation == nil)
            let find = Memories.Find(id: memory.id)
            #expect(try await fixture.bus.call(find, fixture.context()) == memory)
            let change = Memories.Change(id: memory.id, text: "I like coffee")
            #expect(try await fixture.bus.call(change, fixture.context()).text == "I like coffee")
            try await create(fixture, "second")
            let page = try await fixture.bus.call(Memories.List(limit: 10, offset: 0), fixture.context())
            #expect(page.items.map(\.text) == ["second", "I like coffee"])
            #expect(page.total == 2)
            #expect(try await fixture.bus.call(Memories.Delete(id: memory.id), fixture.context()).count == 1)
            try await fixture.expectFault(find, fixture.context(), .missing)
            #expect(try await fixture.bus.call(Memories.Clear(), fixture.context()).count == 1)
            #expect(try await fixture.bus.call(Memories.Clear(), fixture.context()).count == 0)
        }
    }

    @Test func `invalid values are refused with a reason`() async throws {
        try await Fixture.with { fixture in
            let context = fixture.context()
            let longest = try await create(fixture, String(repeating: "é", count: 2048))
            #expect(longest.text.utf8.count == 4096)
            for text in ["", " \n\t", "a\0b", String(repeating: "a", count: 4097)] {
                try await fixture.expectFault(Memories.Create(text: text), context, .invalid)
                let change = Memories.Change(id: longest.id, text: text)
                try await fixture.expectFault(change, context, .invalid)
            }
            for (query, limit) in [("", 1), ("a", 0), ("a", 101), (String(repeating: "a", count: 4097), 1)] {
                let search = Memories.Search(query: query, limit: limit)
                try await fixture.expectFault(search, context, .invalid)
            }
            let list = Memories.List(limit: -1, offset: 0)
            try await fixture.expectFault(list, context, .invalid)
            try await fixture.expectFault(Memories.Clear(), CallContext(), .unauthorized)
        }
    }

    @Test func `memories are embedded in the background and found by meaning`() async throws {
        try await Fixture.with(settings: ["MEMORY_EMBEDDING_MODEL": "test/embedding"]) { fixture in
            for text in ["I have a dog", "My car is red", "I drink tea"] { try await create(fixture, text) }
            try await eventually("The embeddings") { try await texts(fixture, "a puppy") == ["I have a dog"] }
            #expect(try await texts(fixture, "vehicle tea") == ["I drink tea", "My car is red"])
            #expect(try await texts(fixture, "a puppy", as: "bob") == [])
        }
    }

    @Test func `an embedding model that fails is not needed for anything`() async throws {
        try await Fixture.with(settings: ["MEMORY_EMBEDDING_MODEL": "test/embedding"]) { fixture in
            fixture.inference.embeddings.fail(Fault(.unavailable, "No."))
            try await create(fixture, "I have a dog")
            #expect(try await texts(fixture, "dog") == ["I have a dog"])
            #expect(try await texts(fixture, "puppy") == [])
            fixture.inference.embeddings.fail(nil)
            try await eventually("The embedding") { try await texts(fixture, "puppy") == ["I have a dog"] }
            // Of a batch with a text that the model refuses, the others are embedded.
            fixture.inference.embeddings.refuse("refused")
            for text in ["a red vehicle", "refused", "a city"] { try await create(fixture, text) }
            try await eventually("The embeddings") { try await texts(fixture, "car").first == "a red vehicle" }
            try await eventually("The embeddings") { try await texts(fixture, "Paris").first == "a city" }
            #expect(try await texts(fixture, "refused").first == "refused")
        }
    }

    @Test func `without an embedding model memories are found by words`() async throws {
        try await Fixture.with(settings: ["MEMORY_EMBEDDING_MODEL": "none"]) { fixture in
            try await create(fixture, "I have a dog")
            #expect(try await texts(fixture, "dog") == ["I have a dog"])
            #expect(try await texts(fixture, "puppy") == [])
            #expect(fixture.inference.embeddings.inputs.isEmpty)
        }
    }

    @Test func `memories of an earlier process are embedded, and again by another model`() async throws {
        try await withTemporaryDirectory { directory in
            let settings = ["MEMORY_EMBEDDING_MODEL": "test/embedding"]
            try await Fixture.with(directory, settings: settings) { fixture in
                // The process ends between the creation and the embedding.
                fixture.inference.embeddings.fail(Fault(.unavailable, "No."))
                try await create(fixture, "I have a dog")
            }
            try await waitForRelease(directory)
            try await Fixture.with(directory, settings: settings) { fixture in
                try await eventually("The embedding") { try await texts(fixture, "puppy") == ["I have a dog"] }
            }
            try await waitForRelease(directory)
            try await Fixture.with(directory, settings: settings) { fixture in
                let embeddings = fixture.inference.embeddings
                embeddings.use("test/other", dimensions: 24)
                // The service may have started with the former model; a query notices the change.
                try await eventually("The second embedding") {
                    _ = try await texts(fixture, "puppy")
                    return embeddings.inputs.contains(["I have a dog"])
                }
                try await eventually("The embedding") { try await texts(fixture, "puppy") == ["I have a dog"] }
                // Changed while the process runs: noticed with the next query.
                embeddings.use("test/embedding", dimensions: 8)
                try await eventually("The third embedding") { try await texts(fixture, "puppy") == ["I have a dog"] }
            }
        }
    }
}
