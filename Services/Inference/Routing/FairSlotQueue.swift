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
    private(set) var running = 0
    private(set) var waitingCount = 0
    private var queues: [String: FIFOQueue<Int>] = [:]
    /// The users with queued generations, in the order of their rotation.
    private var rotation = FIFOQueue<String>()
    /// The user of each queued generation.
    private var users: [Int: String] = [:]

    init(capacity: Int, queueLimit: Int) {
        self.capacity = capacity
        self.queueLimit = queueLimit
    }

    mutating func enter(_ waiter: Int, of user: String = "") -> Entry {
        if running < capacity {
            running += 1
            return .admitted
        }
        guard waitingCount < queueLimit else { return .refused }
        if queues[user] == nil { rotation.append(user) }
        queues[user, default: FIFOQueue()].append(waiter)
        users[waiter] = user
        waitingCount += 1
        return .queued
    }

    /// Ends a running generation; returns the queued one that takes its slot.
    mutating func release() -> Int? {
        while let user = rotation.popFirst() {
            guard let waiter = queues[user]?.popFirst() else {
                // All generations of the user were cancelled.
                queues[user] = nil
                continue
            }
            if queues[user]?.isEmpty == true { queues[user] = nil } else { rotation.append(user) }
            users[waiter] = nil
            waitingCount -= 1
            return waiter
        }
        running -= 1
        return nil
    }

    /// Removes a queued generation; returns whether it was queued.
    mutating func abandon(_ waiter: Int) -> Bool {
        guard let user = users.removeValue(forKey: waiter) else { return false }
        queues[user]?.remove(waiter)
        if queues[user]?.isEmpty == true {
            queues[user] = nil
            rotation.remove(user)
        }
        waitingCount -= 1
        return true
    }
}
