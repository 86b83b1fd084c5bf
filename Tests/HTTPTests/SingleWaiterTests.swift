import Synchronization
import Testing

@testable import HTTP

struct SingleWaiterTests {
    @Test func `a slot accepts one element and keeps it`() {
        var slot = SingleSlot<Int>()
        #expect(slot.isEmpty)
        let results = [slot.insert(1), slot.insert(2)]
        #expect(results == [true, false])
        let elements = [slot.take(), slot.take()]
        #expect(elements == [1, nil])
        let isAccepted = slot.insert(3)
        #expect(isAccepted)
    }

    @Test func `a waiting task is resumed once`() async throws {
        var waiter = SingleWaiter<Int>()
        let value = try await withCheckedThrowingContinuation { continuation in
            waiter.wait(continuation)
            waiter.resume(returning: 1)
            waiter.resume(returning: 2)
            waiter.resume(throwing: CancellationError())
        }
        #expect(value == 1)
        #expect(!waiter.isWaiting)
    }

    #if DEBUG
    @Test func `a second waiter traps in a debug build`() async {
        await #expect(processExitsWith: .failure) {
            let holder = Holder()
            async let first = holder.value()
            async let second = holder.value()
            _ = try await (first, second)
        }
    }

    private final class Holder: Sendable {
        private let waiter = Mutex(SingleWaiter<Int>())

        func value() async throws -> Int {
            try await withCheckedThrowingContinuation { continuation in
                waiter.withLock { $0.wait(continuation) }
            }
        }
    }
    #endif
}
