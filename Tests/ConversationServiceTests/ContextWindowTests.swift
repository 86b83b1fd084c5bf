import Contracts
import Testing

@testable import ConversationService

struct ContextWindowTests {
    @Test func `a history that fits is used completely`() {
        let (used, report) = ContextWindow(size: 4096).fit(system: 100, history: [10, 20, 30], olderCount: 0)
        #expect(used == 3)
        #expect(report == .init(messagesUsed: 3, messagesLeftOut: 0, tokensEstimated: 160, window: 4096))
    }

    @Test func `the oldest messages are left out first, and the report counts them`() {
        let window = ContextWindow(size: 400)
        let (used, report) = window.fit(system: 50, history: [100, 100, 100, 100], olderCount: 7)
        #expect(used == 2)
        #expect(report.messagesLeftOut == 9)
        #expect(report.tokensEstimated + window.reserve <= 400)
    }

    @Test func `the message to answer is always included`() {
        let (used, report) = ContextWindow(size: 100).fit(system: 90, history: [5, 5000], olderCount: 0)
        #expect(used == 1)
        #expect(report.messagesLeftOut == 1)
    }

    @Test func `the selected messages are the longest suffix that fits`() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<500 {
            let history = (0..<Int.random(in: 1...40, using: &generator)).map { _ in
                Int.random(in: 1...200, using: &generator)
            }
            let window = ContextWindow(size: Int.random(in: 50...4000, using: &generator))
            let (used, report) = window.fit(system: 20, history: history, olderCount: 0)
            #expect(used + report.messagesLeftOut == history.count)
            guard used < history.count else { continue }
            let more = 20 + history.suffix(used + 1).reduce(0, +)
            #expect(more + window.reserve > window.size)
        }
    }
}
