import Bus
import Contracts
import Logging
import Metrics
import NIOCore

/// Stores completions as conversations if the client asked for it.
///
/// A failure does not fail the response: it is logged and counted.
struct StoredCompletionWriter: Sendable {
    /// Timeout for storing, long enough for a restart of conversation-svc.
    private static let timeout = Duration.seconds(5)
    private static let retryDelay = Duration.milliseconds(250)

    let conversations: any Bus
    private let failures = Counter(label: "gateway.conversations.unkept")

    init(conversations: any Bus) {
        self.conversations = conversations
    }

    /// Returns whether the completion was stored; without an answer it cannot be.
    func store(_ call: StoredCompletion, _ answer: Inference.Answer?, _ context: CallContext) async -> Bool {
        do {
            guard let request = answer.map(call.encoded),
                request.readableBytes <= StoredCompletion.sizeLimit + StoredAnswerCollector.sizeLimit
            else { throw Fault(.tooLarge, "The answer is too large to be stored.") }
            // Not cancelled when the client disconnects: it has asked for the completion to be stored.
            try await Task { try await retry(request, context) }.value
            return true
        } catch {
            failures.increment()
            Logger.current.error(
                "Completion not stored",
                metadata: [
                    "conversation.id": "\(call.id)", "request.id": "\(context.requestID)",
                    "error": "\((error as? Fault)?.message ?? "\(error)")",
                ]
            )
            return false
        }
    }

    /// Sends the request until it succeeds; storing is idempotent.
    private func retry(_ request: ByteBuffer, _ context: CallContext) async throws {
        var bounded = context
        let end = ContinuousClock.now + Self.timeout
        bounded.deadline = end
        while true {
            do {
                _ = try await conversations.call(Conversations.Import.self, encoded: request, bounded)
                return
            } catch let fault as Fault where fault.code.isRetryable && .now + Self.retryDelay < end {
                try await Task.sleep(for: Self.retryDelay)
            }
        }
    }
}
