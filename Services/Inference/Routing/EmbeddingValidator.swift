import Bus
import Contracts
import NIOCore

/// Validates requests for embeddings.
enum EmbeddingValidator {
    /// Maximum size of an encoded request, in bytes; escapes make a text longer.
    private static let encodedLimit = 64 << 20
    private static let countLimit = 2048
    /// Maximum size of all texts together, in bytes: as much as the largest body of `/v1/embeddings`.
    private static let sizeLimit = 32 << 20
    private static let tokenLimit = 1_000_000

    /// Decodes a request, on a worker thread if it is large.
    ///
    /// Throws `too_large` or `invalid`.
    static func read(_ body: ByteBuffer) async throws -> Inference.Embed {
        guard body.readableBytes <= encodedLimit else {
            throw Fault(.tooLarge, "The request has more than \(encodedLimit) bytes. Send fewer or shorter texts.")
        }
        return try await WorkerThreads.run(inputBytes: body.readableBytes) {
            try BusCoding.decode(Inference.Embed.self, from: body)
        }
    }

    /// Throws `invalid` with the name of the invalid value and the permitted range.
    static func check(_ request: Inference.Embed) throws(Fault) {
        guard request.input.isEmpty || request.tokens == nil else {
            throw Fault(.invalid, "A request has either input or tokens.")
        }
        let count = request.tokens?.count ?? request.input.count
        guard (1...countLimit).contains(count) else {
            throw Fault(.invalid, "input has \(count) texts; it must have 1 to \(countLimit).")
        }
        guard !request.input.contains(""), request.tokens?.contains([]) != true else {
            throw Fault(.invalid, "input must not contain an empty text.")
        }
        guard request.input.reduce(0, { $0 + $1.utf8.count }) <= sizeLimit,
            request.tokens?.reduce(0, { $0 + $1.count }) ?? 0 <= tokenLimit
        else {
            throw Fault(
                .invalid,
                "input must have at most \(sizeLimit) bytes in total, or \(tokenLimit) tokens."
            )
        }
        guard request.tokens?.allSatisfy({ $0.allSatisfy { (0...Int(Int32.max)).contains($0) } }) != false else {
            throw Fault(.invalid, "Numbers of tokens must be from 0 to \(Int32.max).")
        }
        if let dimensions = request.dimensions, !(1...65_536).contains(dimensions) {
            throw Fault(.invalid, "dimensions is \(dimensions); it must be from 1 to 65536.")
        }
    }
}
