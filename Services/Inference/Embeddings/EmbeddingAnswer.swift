import JSON
import NIOCore

/// The answer of a provider to one batch of texts.
struct EmbeddingAnswer: Sendable {
    /// Each vector as base64, in the order of the texts.
    var vectors: [String]
    /// The number of dimensions of each vector.
    var dimensions: Int
    /// The tokens that the provider counted; `nil` if it reported none, or an impossible number.
    var promptTokens: Int?
}

extension EmbeddingAnswer {
    /// Reads an answer; `member` reads or skips each member of the object.
    ///
    /// Throws an ``EmbeddingFlaw``.
    init(
        _ bytes: ByteBuffer,
        for request: EmbeddingRequest,
        _ member: (JSONScanner.Name, inout JSONScanner, inout EmbeddingVectors, inout Int?) throws -> Void
    ) throws(EmbeddingFlaw) {
        var vectors = EmbeddingVectors(count: request.items.count, dimensions: request.dimensions)
        var tokens: Int?
        do {
            try bytes.withUnsafeReadableBytes { bytes in
                var json = JSONScanner(bytes)
                try json.object { name, json in try member(name, &json, &vectors, &tokens) }
                try json.end()
            }
        } catch {
            throw error as? EmbeddingFlaw ?? .malformed
        }
        self.vectors = try vectors.complete()
        dimensions = vectors.dimensions ?? 0
        promptTokens = tokens.flatMap { request.possibleTokens.contains($0) ? $0 : nil }
    }
}

extension EmbeddingRequest {
    /// The numbers of tokens that these texts can have: a token has at least one byte, and each text has some frame.
    fileprivate var possibleTokens: ClosedRange<Int> {
        1...items.reduce(0) { $0 + $1.byteCount + 64 }
    }
}
