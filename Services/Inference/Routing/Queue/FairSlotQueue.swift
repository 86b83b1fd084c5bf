/// The running and the queued generations of one provider: a pure state machine.
///
/// Each user has a FIFO queue, and the queues take rotation, so that a user with a hundred requests does not delay the
/// single request of another user.
struct FairSlotQueue: Sendable {
    /// The decision about a new request.
    enum Entry: Equatable {
        case admitted
        case queued
        case refused
    }

    /// Maximum number of running generations.
    let capacity: Int
    /// Maximum number of queued generations.
    let queueLimit: Int
    /// Maximum size of all queued generations together, in bytes.
    let bytesLimit: Int
    private(set) var running = 0
    private(set) var waitingCount = 0
    private(set) var waitingBytes = 0
    private var queues: [String: FIFOQueue<Int>] = [:]
    /// The users with queued generations, in the order of their rotation.
    private var rotation = FIFOQueue<String>()
    /// The user and the size of each queued generation.
    private var waiters: [Int: (user: String, bytes: Int)] = [:]

    init(capacity: Int, queueLimit: Int, bytesLimit: Int = .max) {
        self.capacity = capacity
        self.queueLimit = queueLimit
        self.bytesLimit = bytesLimit
    }

    mutating func enter(_ waiter: Int, of user: String = "", bytes: Int = 0) -> Entry {
        if running < capacity {
            running += 1
            return .admitted
        }
        guard waitingCount < queueLimit, bytes <= bytesLimit - waitingBytes else { return .refused }
        if queues[user] == nil { rotation.append(user) }
        queues[user, default: FIFOQueue()].append(waiter)
        waiters[waiter] = (user, bytes)
        waitingCount += 1
        waitingBytes += bytes
        return .queued
    }

    /// Ends a running generation; returns the queued one that takes its slot.
    mutating func release() -> Int? {
        if let waiter = popFirst() { return waiter }
        running -= 1
        return nil
    }

    /// The queued generations in the order in which they get slots.
    var order: [Int] {
        var (rest, order): (FairSlotQueue, [Int]) = (self, [])
        order.reserveCapacity(waitingCount)
        while let waiter = rest.popFirst() { order.append(waiter) }
        return order
    }

    private mutating func popFirst() -> Int? {
        while let user = rotation.popFirst() {
            guard let waiter = queues[user]?.popFirst() else {
                // All generations of the user were cancelled.
                queues[user] = nil
                continue
            }
            if queues[user]?.isEmpty == true { queues[user] = nil } else { rotation.append(user) }
            forget(waiter)
            return waiter
        }
        return nil
    }

    /// Removes a queued generation; returns whether it was queued.
    mutating func abandon(_ waiter: Int) -> Bool {
        guard let user = waiters[waiter]?.user else { return false }
        queues[user]?.remove(waiter)
        if queues[user]?.isEmpty == true {
            queues[user] = nil
            rotation.remove(user)
        }
        forget(waiter)
        return true
    }

    private mutating func forget(_ waiter: Int) {
        guard let entry = waiters.removeValue(forKey: waiter) else { return }
        waitingCount -= 1
        waitingBytes -= entry.bytes
    }
}
