/// Who may run and who waits, at one provider; pure.
struct SlotQueue: Sendable {
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
    /// Who waits, in the order in which they came; a gap where somebody left.
    private var waiting: [Int?] = []
    private var head = 0
    private(set) var waitingCount = 0

    init(capacity: Int, queueLimit: Int) {
        self.capacity = capacity
        self.queueLimit = queueLimit
    }

    mutating func enter(_ visitor: Int) -> Entry {
        if running < capacity {
            running += 1
            return .admitted
        }
        guard waitingCount < queueLimit else { return .refused }
        waiting.append(visitor)
        waitingCount += 1
        return .queued
    }

    /// Somebody who ran is done; answers who runs instead.
    mutating func leave() -> Int? {
        while head < waiting.count {
            let next = waiting[head]
            head += 1
            if let next {
                waitingCount -= 1
                compact()
                return next
            }
        }
        compact()
        running -= 1
        return nil
    }

    /// Somebody no longer wants to wait; answers whether they still did.
    mutating func abandon(_ visitor: Int) -> Bool {
        guard let index = waiting[head...].firstIndex(of: visitor) else { return false }
        waiting[index] = nil
        waitingCount -= 1
        // Who comes and goes while nobody is done must leave no growing list of gaps.
        if waiting.count - head > 2 * waitingCount + 64 {
            waiting = waiting[head...].filter { $0 != nil }
            head = 0
        }
        return true
    }

    private mutating func compact() {
        guard head == waiting.count || head > 1024 else { return }
        waiting.removeFirst(head)
        head = 0
    }
}
