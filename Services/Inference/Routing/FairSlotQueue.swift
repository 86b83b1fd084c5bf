/// Who may run and who waits, at one provider; pure.
///
/// Those who wait stand in a line for each user, and the lines take turns: somebody who asks for a hundred answers does
/// not hold up somebody who asks for one.
struct FairSlotQueue: Sendable {
    /// What becomes of somebody who comes.
    enum Entry: Equatable {
        case admitted
        case queued
        case refused
    }

    /// How many may run at once.
    let capacity: Int
    /// How many may wait.
    let queueLimit: Int
    private(set) var running = 0
    private(set) var waitingCount = 0
    private var lines: [String: FIFOQueue<Int>] = [:]
    /// The users with somebody in their line, in the order of their turns.
    private var turns = FIFOQueue<String>()
    /// In whose line a visitor stands.
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

    /// Somebody who ran is done; answers who runs instead.
    mutating func leave() -> Int? {
        while let user = turns.next() {
            guard let visitor = lines[user]?.next() else {
                // Everybody in it gave up.
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

    /// Somebody no longer wants to wait; answers whether they still did.
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
