import NIOCore
import NIOHTTP1

extension ProviderClient {
    /// Sends a batch of texts and reads its vectors; large JSON is written and read on worker threads.
    ///
    /// Throws a ``ProviderError``, or `CancellationError` if the task is cancelled.
    func embeddings(
        _ path: String,
        _ request: EmbeddingRequest,
        body: @escaping @Sendable () -> ByteBuffer,
        read: @escaping @Sendable (ByteBuffer, EmbeddingRequest) throws(EmbeddingFlaw) -> EmbeddingAnswer
    ) async throws -> EmbeddingAnswer {
        let answer = try await fetch(
            .POST,
            path,
            body: try await WorkerThreads.run(inputBytes: request.byteCount, body),
            about: request.model,
            within: request.responseTimeout
        )
        do {
            return try await WorkerThreads.run(inputBytes: answer.readableBytes) { try read(answer, request) }
        } catch let flaw as EmbeddingFlaw {
            throw faults.invalidResponse(flaw.description)
        }
    }
}
