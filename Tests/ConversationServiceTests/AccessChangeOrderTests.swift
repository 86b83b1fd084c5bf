import Contracts
import Testing

@testable import ConversationService

/// The order of changes whose tasks continue in another order than that of their commits.
struct AccessChangeOrderTests {
    private static func quota(_ number: Int) -> AccessChangeOrder.Subject {
        .quota(.user("user \(number)"))
    }

    @Test func `a change is superseded by a later one of the same key or quota only`() {
        var order = AccessChangeOrder(start: 10)
        let key = APIKey.ID()
        let positions = [
            order.record(12, of: .key(key)), order.record(11, of: .key(key)), order.record(12, of: .key(key)),
            order.record(11, of: .quota(.key(key))), order.record(13, of: .key(key)),
        ]
        #expect(positions == [.latest, .superseded, .superseded, .latest, .latest])
    }

    @Test func `changes that were included in the first state are superseded`() {
        var order = AccessChangeOrder(start: 10)
        let positions = [order.record(10, of: Self.quota(1)), order.record(11, of: Self.quota(1))]
        #expect(positions == [.superseded, .latest])
    }

    @Test func `the order of a change that is older than the forgotten ones is unknown`() {
        var order = AccessChangeOrder(start: 0, limit: 4)
        let first = [1, 3, 5, 7, 9].map { order.record($0, of: Self.quota($0)) }
        #expect(first == Array(repeating: .latest, count: 5))
        // The changes up to 5 are forgotten.
        let late = [
            order.record(4, of: Self.quota(4)), order.record(6, of: Self.quota(7)), order.record(6, of: Self.quota(6)),
        ]
        #expect(late == [.unknown, .superseded, .latest])
        // Once recorded, its order is known again.
        let known = [order.record(3, of: Self.quota(4)), order.record(10, of: Self.quota(4))]
        #expect(known == [.superseded, .latest])
    }

    @Test func `the memory of many subjects is bounded, and none of the latest is forgotten`() {
        var order = AccessChangeOrder(start: 0, limit: 100)
        let positions = (1...10_000).map { order.record($0, of: Self.quota($0)) }
        #expect(positions.allSatisfy { $0 == .latest })
        let repeated = (9951...10_000).map { order.record($0 - 1, of: Self.quota($0)) }
        #expect(repeated.allSatisfy { $0 == .superseded })
    }
}
