import Contracts
import GRDB

extension SQLiteStore {
    /// Number of memories whose exact similarity is computed, after a comparison of all signatures.
    private static let candidateCount = 400
    /// Minimum length of the two lists that are combined.
    private static let rankedCount = 50

    func searchMemories(_ query: MemoryQuery, of user: String) async throws -> [Memory] {
        let version = signatures.version
        // Computed before, so that a reading connection is occupied for a short time only.
        let signature = query.meaning.map { VectorSignature.words(of: $0.vector) } ?? []
        return try await database.read { connection throws(StoreError) in
            guard let owner = try MemoryOwnerRows.find(user, connection) else { return [] }
            let count = max(query.limit, Self.rankedCount)
            let byWords = try MemoryWordRows.rank(query.words, of: owner, limit: count, connection)
            let byMeaning = try rankByMeaning(query, signature, of: owner.number, readAt: version, connection)
            var memories: [Memory] = []
            for number in RankFusion.fuse([byWords, Array(byMeaning.prefix(count))]) {
                guard memories.count < query.limit else { break }
                if let found = try MemoryRows.find(number: number, owner: owner.number, connection) {
                    memories.append(found.memory)
                }
            }
            return memories
        }
    }

    private func rankByMeaning(
        _ query: MemoryQuery,
        _ signature: [UInt64],
        of owner: Int64,
        readAt version: UInt64,
        _ connection: Connection
    ) throws(StoreError) -> [Int64] {
        guard let (vector, model) = query.meaning, let model = try MemoryVectorRows.find(model, connection) else {
            return []
        }
        let list: SignatureList
        if let cached = signatures.find(owner, model: model) {
            list = cached
        } else {
            list = try MemoryVectorRows.signatures(
                of: owner,
                model: model,
                wordCount: signature.count,
                connection
            )
            signatures.add(list, of: owner, readAt: version)
        }
        let candidates = list.nearest(to: signature, count: Self.candidateCount)
        let scored = try MemoryVectorRows.similarities(
            of: vector,
            to: candidates,
            owner: owner,
            model: model,
            connection
        )
        return query.similarity.select(scored)
    }

    func memoriesToEmbed(by model: EmbeddingModel?, limit: Int) async throws -> [UnembeddedMemory] {
        try await database.read { connection throws(StoreError) in
            guard let model else { return try MemoryRows.toEmbed(.equal, 0, limit: limit, connection) }
            let number = try MemoryVectorRows.find(model, connection) ?? -1
            let below = try MemoryRows.toEmbed(.below, number, limit: limit, connection)
            guard below.count < limit else { return below }
            return below + (try MemoryRows.toEmbed(.above, number, limit: limit - below.count, connection))
        }
    }

    func storeEmbeddings(
        _ embeddings: [(memory: UnembeddedMemory, vector: MemoryVector?)],
        of model: EmbeddingModel
    ) async throws {
        let prepared = embeddings.map { ($0.memory, $0.vector, $0.vector.map { VectorSignature.words(of: $0) } ?? []) }
        _ = try await database.write({ connection throws(StoreError) in
            let number = try MemoryVectorRows.take(model, connection)
            var stored: [(owner: Int64, memory: Int64, words: [UInt64])] = []
            for (memory, vector, words) in prepared {
                guard let row = try MemoryRows.markEmbedded(memory, by: number, connection) else { continue }
                if let vector {
                    try MemoryVectorRows.set(vector, words, of: row.memory, owner: row.owner, model: number, connection)
                } else {
                    try MemoryVectorRows.delete(row.memory, owner: row.owner, connection)
                }
                stored.append((row.owner, row.memory, words))
            }
            return (number, stored)
        }) { number, stored in
            for (owner, rows) in Dictionary(grouping: stored, by: \.owner) {
                signatures.didRemove(rows.filter(\.words.isEmpty).map(\.memory), of: owner)
                signatures.didEmbed(
                    rows.filter { !$0.words.isEmpty }.map { ($0.memory, $0.words) },
                    of: owner,
                    model: number
                )
            }
        }
    }
}

extension MemoryQuery.Similarity {
    /// Returns the memories that are similar enough, most similar first.
    func select(_ scored: [(memory: Int64, similarity: Float)]) -> [Int64] {
        let sorted = scored.sorted { ($0.similarity, $0.memory) > ($1.similarity, $1.memory) }
        let least: Float
        switch self {
        case .any: least = -2
        case .atLeast(let value): least = value
        case .aboveAverage:
            let average = scored.reduce(0) { $0 + $1.similarity } / Float(max(1, scored.count))
            least = ((sorted.first?.similarity ?? 0) + average) / 2
        }
        return sorted.prefix { $0.similarity >= least }.map(\.memory)
    }
}
