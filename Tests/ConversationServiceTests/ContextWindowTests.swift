import Contracts
import Testing

@testable import ConversationService

struct ContextWindowTests {
    @Test func `a history that fits is used completely`() {
        let (selection, report) = ContextWindow(size: 4096).fit(system: 100, history: [10, 20, 30], olderCount: 0)
        #expect(selection.newest == 3)
        #expect(report == .init(messagesUsed: 3, messagesLeftOut: 0, tokensEstimated: 160, window: 4096))
    }

    @Test func `the oldest messages are left out first, and the report counts them`() {
        let window = ContextWindow(size: 400)
        let (selection, report) = window.fit(system: 50, history: [100, 100, 100, 100], olderCount: 7)
        #expect(selection.newest == 2)
        #expect(report.messagesLeftOut == 9)
        #expect(report.tokensEstimated + window.reserve <= 400)
    }

    @Test func `the message to answer is always included`() {
        let (selection, report) = ContextWindow(size: 100).fit(system: 90, history: [5, 5000], olderCount: 0)
        #expect(selection.newest == 1)
        #expect(report.messagesLeftOut == 1)
    }

    @Test func `the selected messages are the longest suffix that fits`() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<500 {
            let history = (0..<Int.random(in: 1...40, using: &generator)).map { _ in
                Int.random(in: 1...200, using: &generator)
            }
            let window = ContextWindow(size: Int.random(in: 50...4000, using: &generator))
            let (selection, report) = window.fit(system: 20, history: history, olderCount: 0)
            let used = selection.newest
            #expect(used + report.messagesLeftOut == history.count)
            guard used < history.count else { continue }
            let more = 20 + history.suffix(used + 1).reduce(0, +)
            #expect(more + window.reserve > window.size)
        }
    }

    @Test func `the question stays although the steps after it do not all fit`() {
        let window = ContextWindow(size: 400)
        let (all, whole) = window.fit(system: 50, history: [100, 10, 20, 30], turn: 3, olderCount: 2)
        #expect(all == .init(newest: 4) && whole.messagesLeftOut == 2 && whole.tokensEstimated == 210)
        let (turn, older) = window.fit(system: 50, history: [100, 100, 50, 60], turn: 3, olderCount: 2)
        #expect(turn == .init(newest: 3) && older.messagesLeftOut == 3 && older.tokensEstimated == 260)
        let (some, cut) = window.fit(system: 50, history: [100, 100, 50, 60, 70], turn: 4, olderCount: 0)
        #expect(some == .init(newest: 2, hasSeparateQuestion: true))
        #expect(cut.messagesUsed == 3 && cut.messagesLeftOut == 2 && cut.tokensEstimated == 280)
        let (last, full) = window.fit(system: 50, history: [5000, 9000], turn: 2, olderCount: 0)
        #expect(last == .init(newest: 1, hasSeparateQuestion: true) && full.messagesUsed == 2)
    }

    @Test func `the turn and the older messages never exceed the window unless the newest step does`() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<500 {
            let history = (0..<Int.random(in: 1...40, using: &generator)).map { _ in
                Int.random(in: 1...200, using: &generator)
            }
            let turn = Int.random(in: 1...history.count, using: &generator)
            let window = ContextWindow(size: Int.random(in: 600...4000, using: &generator))
            let (selection, report) = window.fit(system: 20, history: history, turn: turn, olderCount: 0)
            let question = history.count - turn
            var sent = Set((history.count - selection.newest)..<history.count)
            #expect(!(selection.hasSeparateQuestion && sent.contains(question)))
            if selection.hasSeparateQuestion { sent.insert(question) }
            #expect(sent.contains(question) && sent.contains(history.count - 1))
            #expect(report.tokensEstimated == 20 + sent.reduce(0) { $0 + history[$1] })
            #expect(report.messagesUsed == sent.count)
            #expect(report.tokensEstimated + window.reserve <= window.size || sent.count <= 2)
        }
    }
}
