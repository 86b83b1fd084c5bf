import Synchronization

/// The slots of targets with a concurrency limit of their own.
///
/// Only configured targets have one, so their number is bounded. Thread-safe.
final class TargetQueues: Sendable {
    private let queues = Mutex<[String: ProviderQueue]>([:])

    /// The queue of a target; `nil` if only the limit of its provider holds.
    func queue(of target: Target, _ runtime: ProviderRuntime) -> ProviderQueue? {
        guard let limit = target.limits.concurrency else { return nil }
        return queues.withLock { queues in
            if let queue = queues[target.key] { return queue }
            let queue = ProviderQueue(
                provider: target.name,
                capacity: limit,
                queueLimit: runtime.queue.queueLimit,
                bytesLimit: runtime.queue.bytesLimit
            )
            queues[target.key] = queue
            return queue
        }
    }
}
