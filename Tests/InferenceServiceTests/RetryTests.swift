import Foundation
import NIOHTTP1
import Testing

@testable import InferenceService

/// Retries, their pauses, and the pauses that providers ask for.
@Suite struct RetryTests {
    @Test(arguments: [
        ("retry-after", "7", Duration.seconds(7)), ("retry-after", " 1.5 ", .milliseconds(1500)),
        ("retry-after", "0", .zero),
        ("retry-after-ms", "250", .milliseconds(250)), ("Retry-After", "60", .seconds(60)),
        ("retry-after", "Sat, 21 Nov 2026 08:00:30 GMT", .seconds(30)),
        ("retry-after", "Saturday, 21-Nov-26 08:00:30 GMT", .seconds(30)),
        ("retry-after", "Sat Nov 21 08:00:30 2026", .seconds(30)),
        ("retry-after", "Sat, 21 Nov 2026 07:00:00 GMT", .zero),
    ])
    func `every format of a delay is read`(_ name: String, _ value: String, _ wanted: Duration) {
        let now = Date(timeIntervalSince1970: 1_795_248_000)
        #expect(RetryDelay.read([name: value], now: now) == wanted)
    }

    @Test(arguments: ["-1", "", "soon", "1e400", "nan", "infinity", "86401", "99999999999999999999", "0x10", "1;2"])
    func `an invalid delay is ignored`(_ value: String) {
        #expect(RetryDelay.read(["retry-after": value]) == nil)
        #expect(RetryDelay.read(["retry-after-ms": value == "86401" ? "86400001" : value]) == nil)
    }

    @Test func `milliseconds take precedence over seconds, and Protocol Buffers durations are read`() {
        #expect(RetryDelay.read(["retry-after-ms": "5", "retry-after": "9"]) == .milliseconds(5))
        #expect(RetryDelay.read(protobuf: "7s") == .seconds(7))
        #expect(RetryDelay.read(protobuf: "0.5s") == .milliseconds(500))
        #expect(RetryDelay.read(protobuf: "7") == nil)
        #expect(RetryDelay.read(protobuf: "-7s") == nil)
        #expect(RetryDelay.read(["other": "1"]) == nil)
    }

    @Test func `pauses grow with jitter up to the limit of retries`() {
        let policy = RetryPolicy()
        #expect(policy.pause(after: 0, asked: nil, random: 0) == .milliseconds(125))
        #expect(policy.pause(after: 0, asked: nil, random: 1) == .milliseconds(250))
        #expect(policy.pause(after: 1, asked: nil, random: 1) == .milliseconds(500))
        #expect(policy.pause(after: 2, asked: nil) == nil)
        #expect(RetryPolicy(limit: 100).pause(after: 99, asked: nil, random: 1) == .seconds(4))
    }

    @Test func `a requested pause is kept, or there is no retry`() {
        let policy = RetryPolicy()
        #expect(policy.pause(after: 0, asked: .seconds(3), random: 0) == .seconds(3))
        #expect(policy.pause(after: 0, asked: .seconds(60), random: 0) == .seconds(60))
        #expect(policy.pause(after: 0, asked: .seconds(61)) == nil)
    }

    @Test func `the budget is a fifth of the requests plus an initial amount`() {
        let budget = RetryBudget()
        var spent = 0
        for _ in 0..<1000 {
            budget.earn()
            while budget.spend() { spent += 1 }
        }
        #expect((200...210).contains(spent))
    }
}
