import Bus
import Contracts
import Foundation
import TestSupport
import Testing

/// Usage is recorded once, with the run.
@Suite(.timeLimit(.minutes(5)))
struct UsageTests {
    @Test func `a run's usage is recorded by user, key, model and day`() async throws {
        try await Fixture.with { fixture in
            fixture.inference.setPrice(Model.Price(prompt: 1, completion: 2), usage: usage(10, 2))
            let key = try await fixture.bus.call(Keys.Create(name: "laptop"), fixture.context()).key
            let conversation = try await fixture.open()
            let start = Runs.Start(conversation: conversation.id, content: Message.Content(text: "Hello"))
            let turn = try await fixture.bus.call(Runs.Complete(start), CallContext(principal: key.principal))
            #expect(turn.end.usage?.cost == 14)
            _ = try await fixture.send("And?", in: conversation)
            let today = Day(.now())
            let report = try await fixture.bus.call(
                Usage.Report(from: Day(number: today.number - 1), to: today, groups: Usage.Group.allCases),
                fixture.context()
            )
            #expect(report.lines.count == 2)
            let line = try #require(report.lines.first { $0.key == key.id })
            #expect(line.keyName == "laptop")
            #expect(line.model == "scripted/model")
            #expect(line.user == "alice")
            #expect(line.total == Usage.Total(usage(10, 2, cost: 14)))
            #expect(report.total.requests == 2)
            #expect(report.total.cost == 28)
            #expect(try await fixture.used(by: "bob") == Usage.Total())
        }
    }

    @Test func `usage that the provider does not report is estimated`() async throws {
        try await Fixture.with { fixture in
            let conversation = try await fixture.open()
            fixture.inference.setPrice(Model.Price(prompt: 1, completion: 2), usage: nil)
            let whole = try await fixture.send("Hello", in: conversation)
            #expect(whole.end.usage?.isEstimated == true)
            fixture.inference.play([.text("Well, "), .fail(Fault(.cut, "It broke off."))])
            let cut = try await fixture.send("Hello", in: conversation)
            #expect(cut.end.status == .interrupted)
            let usage = try #require(cut.end.usage)
            #expect(usage.isEstimated)
            #expect(usage.promptTokens == cut.end.context?.tokensEstimated)
            #expect(usage.completionTokens == 6)
            #expect(usage.cost == usage.promptTokens + 12)
            let used = try await fixture.used()
            #expect(used.requests == 2)
            #expect(used.estimatedTokens == used.tokens)
        }
    }

    @Test(arguments: [Fault.Code.unavailable, .provider, .rejected, .limited])
    func `a run that no provider started to answer is not charged`(_ code: Fault.Code) async throws {
        try await Fixture.with { fixture in
            try await fixture.setQuota(Quota(period: .day, requests: 1))
            let conversation = try await fixture.open()
            fixture.inference.reject(Fault(code, "No."))
            let turn = try await fixture.send("Hello", in: conversation)
            #expect(turn.end.status == .failed)
            #expect(turn.end.usage == nil)
            #expect(try await fixture.used() == Usage.Total())
            fixture.inference.reject(nil)
            #expect(try await fixture.send("Hello", in: conversation).end.status == .completed)
        }
    }

    @Test func `a stopped run is charged for prompt and text`() async throws {
        try await Fixture.with { fixture in
            try await fixture.setQuota(Quota(period: .day, requests: 2))
            let conversation = try await fixture.open()
            fixture.inference.play([.text("Well"), .hang])
            let stream = try await fixture.start("Hello", in: conversation)
            var events = stream.makeAsyncIterator()
            let run = try #require(try await events.next()?.userMessage?.run)
            _ = try await events.next()
            let stopped = try await fixture.bus.call(
                Runs.Cancel(conversation: conversation.id, run: run),
                fixture.context()
            )
            #expect(stopped.usage?.isEstimated == true)
            #expect(stopped.model == "scripted/model")
            let status = try await fixture.quotaStatus()
            #expect(status.used.requests == 1)
            #expect(status.reserved == Usage.Total())
        }
    }

    @Test func `a turn that is stopped before it starts is not charged`() async throws {
        try await Fixture.with { fixture in
            try await fixture.setQuota(Quota(period: .day, requests: 2))
            let conversation = try await fixture.open()
            fixture.inference.play([.text("Well"), .hang])
            let first = try await fixture.start("First", in: conversation)
            let run = try #require(try await first.nextBatch()?.first?.userMessage?.run)
            let second = try await fixture.start("Second", in: conversation)
            let waiting = try #require(try await second.nextBatch()?.first?.userMessage?.run)
            try await fixture.expectFault(
                Runs.Complete(Runs.Start(conversation: conversation.id, content: Message.Content(text: "Third"))),
                fixture.context(),
                .quotaExceeded
            )
            for id in [waiting, run] {
                _ = try await fixture.bus.call(Runs.Cancel(conversation: conversation.id, run: id), fixture.context())
            }
            let status = try await fixture.quotaStatus()
            #expect(status.used.requests == 1)
            #expect(status.reserved == Usage.Total())
        }
    }

    @Test func `a repeated batch is counted once`() async throws {
        try await Fixture.with { fixture in
            let today = Day(.now())
            var total = Usage.Total(usage(100, 50, cost: 7))
            total += Usage.Total(usage(1, 1))
            let entry = Usage.Entry(user: "alice", key: nil, model: "a/b", day: today, total: total)
            let record = Usage.Record(batch: Usage.Record.ID(), entries: [entry, entry])
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<20 { group.addTask { _ = try await fixture.bus.call(record, CallContext()) } }
                try await group.waitForAll()
            }
            let used = try await fixture.used()
            #expect(used.requests == 4)
            #expect(used.tokens == 304)
            #expect(used.cost == 14)
            #expect(used.unpricedRequests == 2)
        }
    }

    @Test func `invalid entries are ignored and do not affect valid ones`() async throws {
        try await Fixture.with { fixture in
            let today = Day(.now())
            let sound = Usage.Entry(user: "alice", key: nil, model: "a/b", day: today, total: Usage.Total(usage(1, 1)))
            var wrong = Array(repeating: sound, count: 5)
            wrong[0].user = ""
            wrong[1].day = Day(number: today.number + 2)
            wrong[2].total.promptTokens = -1
            wrong[3].total.cost = .max
            wrong[4].model = String(repeating: "m", count: 2000)
            for entry in wrong {
                let mixed = Usage.Record(batch: Usage.Record.ID(), entries: [sound, entry])
                _ = try await fixture.bus.call(mixed, CallContext())
                let record = Usage.Record(batch: Usage.Record.ID(), entries: [entry])
                try await fixture.expectFault(record, CallContext(), .invalid)
            }
            #expect(try await fixture.used().requests == 5)
            #expect(try await fixture.used().tokens == 10)
            // Usage reported by a provider is limited to plausible values.
            fixture.inference.setPrice(nil, usage: usage(.max, .max, cost: .max))
            let conversation = try await fixture.open()
            for _ in 0..<3 { _ = try await fixture.send("Hello", in: conversation) }
            #expect(try await fixture.used().requests == 8)
        }
    }

    @Test func `users see their own usage, admins that of all users`() async throws {
        try await Fixture.with { fixture in
            _ = try await fixture.send("Hello", in: fixture.open())
            _ = try await fixture.send("Hello", in: fixture.open("bob"), as: "bob")
            let today = Day(.now())
            var report = Usage.Report(user: "alice", from: Day(number: today.number - 1), to: today, groups: [.user])
            try await fixture.expectFault(report, fixture.context("bob"), .forbidden)
            #expect(try await fixture.bus.call(report, Fixture.admin).total.requests == 1)
            report = Usage.Report(isAll: true, from: report.from, to: report.to, groups: [.user, .model])
            try await fixture.expectFault(report, fixture.context(), .forbidden)
            let lines = try await fixture.bus.call(report, Fixture.admin).lines
            #expect(lines.map(\.user) == ["alice", "bob"])
            report.user = "a\u{8}"
            try await fixture.expectFault(report, Fixture.admin, .invalid)
            report.user = nil
            report.to = Day(number: report.from.number - 1)
            try await fixture.expectFault(report, Fixture.admin, .invalid)
        }
    }

    private func usage(_ prompt: Int, _ completion: Int, cost: Int? = nil) -> Usage {
        Usage(promptTokens: prompt, completionTokens: completion, isEstimated: false, cost: cost)
    }
}
