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
        #expect(order.record(12, of: .key(key)) == .latest)
        #expect(order.record(11, of: .key(key)) == .superseded)
        #expect(order.record(12, of: .key(key)) == .superseded)
        #expect(order.record(11, of: .quota(.key(key))) == .latest)
        #expect(order.record(13, of: .key(key)) == .latest)
    }

    @Test func `changes that were included in the first state are superseded`() {
        var order = AccessChangeOrder(start: 10)
        #expect(order.record(10, of: Self.quota(1)) == .superseded)
        #expect(order.record(11, of: Self.quota(1)) == .latest)
    }

    @Test func `the order of a change that is older than the forgotten ones is unknown`() {
        var order = AccessChangeOrder(start: 0, limit: 4)
        for number in [1, 3, 5, 7, 9] { #expect(order.record(number, of: Self.quota(number)) == .latest) }
        // The changes up to 5 are forgotten.
        #expect(order.record(4, of: Self.quota(4)) == .unknown)
        #expect(order.record(2, of: Self.quota(3)) == .unknown)
        #expect(order.record(6, of: Self.quota(7)) == .superseded)
        #expect(order.record(6, of: Self.quota(6)) == .latest)
        // Once recorded, its order is known again.
        #expect(order.record(3, of: Self.quota(4)) == .superseded)
        #expect(order.record(10, of: Self.quota(4)) == .latest)
    }

    @Test func `the memory of many subjects is bounded, and none of the latest is forgotten`() {
        var order = AccessChangeOrder(start: 0, limit: 100)
        for number in 1...10_000 { #expect(order.record(number, of: Self.quota(number)) == .latest) }
        for number in 9951...10_000 { #expect(order.record(number - 1, of: Self.quota(number)) == .superseded) }
    }
}
