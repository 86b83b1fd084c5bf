import Contracts
import Testing

@testable import ConversationService

extension MemoryStore {
    func create(
        _ text: String,
        of user: String = "alice",
        key: String? = nil
    ) async throws -> Result<Memories.Created, Fault> {
        let origin = MemoryOrigin(user: user, source: .user, moment: .now())
        return try await createMemory(NewMemory(origin: origin, text: try MemoryText(text), key: key))
    }

    @discardableResult
    func add(_ text: String, of user: String = "alice") async throws -> Memory {
        try await create(text, of: user).get().memory
    }

    func texts(of user: String = "alice") async throws -> [String] {
        try await listMemories(of: user, limit: 1000, offset: 0).items.map(\.text)
    }

    /// Searches by words, and by meaning if there is a vector.
    func search(
        _ text: String,
        of user: String = "alice",
        meaning: (vector: MemoryVector, model: EmbeddingModel)? = nil,
        similarity: MemoryQuery.Similarity = .any,
        limit: Int = 10
    ) async throws -> [String] {
        var query = MemoryQuery(words: MemoryWords.query(text, includesCommon: true), limit: limit)
        (query.meaning, query.similarity) = (meaning, similarity)
        return try await searchMemories(query, of: user).map(\.text)
    }

    /// Embeds all memories that a model has not embedded, with the vector of each text.
    func embedAll(by model: EmbeddingModel, _ vector: (String) -> [Float]?) async throws {
        let memories = try await memoriesToEmbed(by: model, limit: 1000)
        try await storeEmbeddings(memories.map { ($0, vector($0.text).flatMap(MemoryVector.init)) }, of: model)
    }

    func edit(
        _ edits: MemoryEdits,
        of user: String = "alice"
    ) async throws -> Result<MemoryEdits.Applied, Fault> {
        try await applyEdits(edits, to: MemoryOrigin(user: user, source: .extraction, moment: .now()))
    }
}

/// Checks that a verb is refused with a fault.
func expectRefusal<Value>(
    _ code: Fault.Code,
    location: SourceLocation = #_sourceLocation,
    _ verb: () async throws -> Result<Value, Fault>
) async throws {
    switch try await verb() {
    case .success: Issue.record("The request was not refused.", sourceLocation: location)
    case .failure(let fault): #expect(fault.code == code, sourceLocation: location)
    }
}
