import Bus
import Contracts
import NIOCore

/// Collects the answer of a streamed completion that is stored, up to a size limit.
struct StoredAnswerCollector {
    /// Maximum size of the collected events, in bytes.
    static let sizeLimit = 16 * 1024 * 1024

    private var builder = AnswerBuilder()
    private var size = 0
    private var isBroken = false

    /// Adds events; after a malformed event or too many bytes there is no answer.
    mutating func add(_ events: [ByteBuffer]) {
        for event in events where !isBroken {
            size += event.readableBytes
            do {
                guard size <= Self.sizeLimit else { throw Fault(.tooLarge, "The answer is too large to be stored.") }
                builder.add(try BusCoding.decode(Inference.Event.self, from: event))
            } catch {
                isBroken = true
            }
        }
    }

    /// The answer, if its events are complete.
    var answer: Inference.Answer? {
        guard !isBroken else { return nil }
        do {
            return try builder.answer()
        } catch {
            return nil
        }
    }
}
