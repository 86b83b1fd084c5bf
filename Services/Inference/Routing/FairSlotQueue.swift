/// The running and the queued generations of one provider: a pure state machine.
///
/// Each user has a FIFO queue, and the queues take turns, so that a user with a hundred requests does not delay the
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
    private var lines: [String: FIFOQueue<Int>] = [:]
    /// The users with queued generations, in the order of their turns.
    private var turns = FIFOQueue<String>()
    /// The user of each queued generation.
    private var users: [Int: String] = [:]

    init(capacity: Int, queueLimit: Int) {
        self.capacity = capacity
        self.queueLimit = queueLimit
    }

    mutating func enter(_ visitor: Int, of user: String = "") -> Entry {
        if running < capacity {
            running += 1
            return .admitted
        }
        guard waitingCount < queueLimit else { return .refused }
        if lines[user] == nil { turns.append(user) }
        lines[user, default: FIFOQueue()].append(visitor)
        users[visitor] = user
        waitingCount += 1
        return .queued
    }

    /// Ends a running generation; returns the queued one that takes its slot.
    mutating func leave() -> Int? {
        while let user = turns.next() {
            guard let visitor = lines[user]?.next() else {
                // All generations of the user were cancelled.
                lines[user] = nil
                continue
            }
            if lines[user]?.isEmpty == true { lines[user] = nil } else { turns.append(user) }
            users[visitor] = nil
            waitingCount -= 1
            return visitor
        }
        running -= 1
        return nil
    }

    /// Removes a queued generation; returns whether it was queued.
    mutating func abandon(_ visitor: Int) -> Bool {
        guard let user = users.removeValue(forKey: visitor) else { return false }
        lines[user]?.remove(visitor)
        if lines[user]?.isEmpty == true {
            lines[user] = nil
            turns.remove(user)
        }
        waitingCount -= 1
        return true
    }
}
