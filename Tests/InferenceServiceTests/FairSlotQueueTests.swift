import Testing

@testable import InferenceService

@Suite struct FairSlotQueueTests {
    @Test func `running and queued generations are limited`() {
        var queue = FairSlotQueue(capacity: 2, queueLimit: 1)
        #expect((1...4).map { queue.enter($0) } == [.admitted, .admitted, .queued, .refused])
        #expect(queue.release() == 3)
        #expect(queue.running == 2)
        #expect(queue.release() == nil)
        #expect(queue.release() == nil)
        #expect(queue.running == 0)
    }

    @Test func `a cancelled entry is skipped and frees its place`() {
        var queue = FairSlotQueue(capacity: 1, queueLimit: 2)
        _ = queue.enter(1)
        _ = queue.enter(2)
        _ = queue.enter(3)
        let answers = [2, 2, 99].map { queue.abandon($0) }
        #expect(answers == [true, false, false])
        #expect(queue.enter(4) == .queued)
        #expect(queue.release() == 3)
        #expect(queue.release() == 4)
        #expect(queue.release() == nil)
    }

    @Test func `cancelled entries leave no trace`() {
        var queue = FairSlotQueue(capacity: 1, queueLimit: 4)
        _ = queue.enter(0)
        _ = queue.enter(1)
        for visitor in 2..<10_000 {
            let entry = queue.enter(visitor)
            let hasWaited = queue.abandon(visitor)
            #expect(entry == .queued && hasWaited)
        }
        let next = queue.release()
        #expect(next == 1)
    }

    @Test func `users take turns, regardless of the number of their requests`() {
        var queue = FairSlotQueue(capacity: 1, queueLimit: 10)
        _ = queue.enter(0, of: "a")
        for visitor in 1...4 { _ = queue.enter(visitor, of: "a") }
        _ = queue.enter(11, of: "b")
        _ = queue.enter(21, of: "c")
        _ = queue.enter(12, of: "b")
        let order = (0..<7).map { _ in queue.release() }
        #expect(order == [1, 11, 21, 2, 12, 3, 4])
        #expect(queue.release() == nil)
    }

    @Test func `gaps in the queue do not accumulate`() {
        var line = FIFOQueue<Int>()
        line.append(0)
        for visitor in 1..<10_000 {
            line.append(visitor)
            line.remove(visitor)
        }
        let places = Mirror(reflecting: line).children.first { $0.label == "places" }?.value as? [Int?]
        #expect((places?.count ?? .max) < 100)
        #expect(line.popFirst() == 0)
        #expect(line.isEmpty)
    }

    @Test func `random operations keep the queue consistent`() {
        var generator = SystemRandomNumberGenerator()
        var queue = FairSlotQueue(capacity: 3, queueLimit: 5)
        var waiting: [Int] = []
        var running = 0
        for visitor in 0..<50_000 {
            switch Int.random(in: 0..<3, using: &generator) {
            case 0:
                switch queue.enter(visitor) {
                case .admitted: running += 1
                case .queued: waiting.append(visitor)
                case .refused: #expect(waiting.count == 5)
                }
            case 1 where running > 0:
                let next = queue.release()
                #expect(next == waiting.first)
                if waiting.isEmpty { running -= 1 } else { waiting.removeFirst() }
            case 2:
                guard let someone = waiting.randomElement(using: &generator) else { continue }
                let didWait = queue.abandon(someone)
                #expect(didWait)
                waiting.removeAll { $0 == someone }
            default: continue
            }
            #expect(queue.waitingCount == waiting.count)
            #expect(queue.running == running)
        }
    }
}
