import Bus
import Contracts
import Logging
import Metrics
import NIOCore

/// Keeps answered calls as conversations, where their clients asked for that.
///
/// An answer is never lost for it: what cannot be kept within ``patience`` is logged, counted, and told all the same.
struct StoredCompletionWriter: Sendable {
    /// How long conversation-svc is asked; it may be starting again.
    private static let patience = Duration.seconds(5)
    private static let pause = Duration.milliseconds(250)

    let conversations: any Bus
    private let failures = Counter(label: "gateway.conversations.unkept")

    init(conversations: any Bus) {
        self.conversations = conversations
    }

    /// Answers whether it is kept; without an answer it cannot be.
    func store(_ call: StoredCompletion, _ answer: Inference.Answer?, _ context: CallContext) async -> Bool {
        do {
            guard let request = answer.map(call.encoded),
                request.readableBytes <= StoredCompletion.sizeLimit + StoredAnswer.sizeLimit
            else { throw Fault(.tooLarge, "The answer is too large to be kept.") }
            // A client that leaves now has its answer, and has asked for this.
            try await Task { try await retry(request, context) }.value
            return true
        } catch {
            failures.increment()
            Logger.current.error(
                "Call not kept as a conversation",
                metadata: [
                    "conversation.id": "\(call.id)", "request.id": "\(context.requestID)",
                    "error": "\((error as? Fault)?.message ?? "\(error)")",
                ]
            )
            return false
        }
    }

    /// Asks again where that may help: it is kept once, however often it is asked for.
    private func retry(_ request: ByteBuffer, _ context: CallContext) async throws {
        var bounded = context
        let end = ContinuousClock.now + Self.patience
        bounded.deadline = end
        while true {
            do {
                _ = try await conversations.call(Conversations.Import.self, encoded: request, bounded)
                return
            } catch let fault as Fault where fault.code.isRetryable && .now + Self.pause < end {
                try await Task.sleep(for: Self.pause)
            }
        }
    }
}
