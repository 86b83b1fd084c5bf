import Contracts
import Foundation
import GRDB

/// The tables `memory_signatures` and `memory_vectors`, and their models in `embedding_models`.
enum MemoryVectorRows {
    /// Returns the number of a model; `nil` if nothing was embedded by it.
    static func find(_ model: EmbeddingModel, _ connection: Connection) throws(StoreError) -> Int64? {
        try connection.value(
            "SELECT number FROM embedding_models WHERE name = ? AND dimensions = ?",
            [model.name, model.dimensions]
        )
    }

    /// Returns the number of a model, storing the model if necessary.
    static func take(_ model: EmbeddingModel, _ connection: Connection) throws(StoreError) -> Int64 {
        if let number = try find(model, connection) { return number }
        return try connection.insert(
            "INSERT INTO embedding_models (name, dimensions) VALUES (?, ?)",
            [model.name, model.dimensions]
        )
    }

    static func set(
        _ vector: MemoryVector,
        _ signature: [UInt64],
        of memory: Int64,
        owner: Int64,
        model: Int64,
        _ connection: Connection
    ) throws(StoreError) {
        try connection.run(
            "INSERT OR REPLACE INTO memory_signatures (owner, memory, model, bits) VALUES (?, ?, ?, ?)",
            [owner, memory, model, VectorSignature.data(of: signature)]
        )
        try connection.run(
            "INSERT OR REPLACE INTO memory_vectors (memory, owner, model, vector) VALUES (?, ?, ?, ?)",
            [memory, owner, model, vector.quantized]
        )
    }

    static func delete(_ memory: Int64, owner: Int64, _ connection: Connection) throws(StoreError) {
        try connection.run("DELETE FROM memory_signatures WHERE owner = ? AND memory = ?", [owner, memory])
        try connection.run("DELETE FROM memory_vectors WHERE memory = ? AND owner = ?", [memory, owner])
    }

    /// Reads all signatures of an owner that a model made.
    static func signatures(
        of owner: Int64,
        model: Int64,
        wordCount: Int,
        _ connection: Connection
    ) throws(StoreError) -> SignatureList {
        var list = SignatureList(model: model, wordCount: wordCount)
        let sql = "SELECT memory, model, bits FROM memory_signatures WHERE owner = ?"
        try connection.each(sql, [owner]) { row throws(StoreError) in
            let (stored, bits): (Int64, Data) = (row[1], row[2])
            if stored == model { list.append(row[0], bits) }
            return true
        }
        return list
    }

    /// Returns the cosine of the angle between a vector and that of each memory which has one of the model.
    static func similarities(
        of vector: MemoryVector,
        to memories: [Int64],
        owner: Int64,
        model: Int64,
        _ connection: Connection
    ) throws(StoreError) -> [(memory: Int64, similarity: Float)] {
        var similarities: [(memory: Int64, similarity: Float)] = []
        for memory in memories {
            let sql = "SELECT vector FROM memory_vectors WHERE memory = ? AND owner = ? AND model = ?"
            let data = try connection.value(sql, [memory, owner, model], as: Data.self)
            if let similarity = data.flatMap({ $0.withUnsafeBytes { vector.similarity(to: $0) } }) {
                similarities.append((memory, similarity))
            }
        }
        return similarities
    }
}
