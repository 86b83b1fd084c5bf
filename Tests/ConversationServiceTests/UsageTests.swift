import Bus
import Contracts
import Foundation
import TestSupport
import Testing

/// What is used is written down once, with the run that used it.
@Suite(.timeLimit(.minutes(1)))
struct UsageTests {
    @Test func `a run's usage is recorded by user, key, model and day`() async throws {
        try await Stage.with { stage in
            stage.inference.charge(Model.Price(prompt: 1, completion: 2), usage: usage(10, 2))
            let key = try await stage.bus.call(Keys.Create(name: "laptop"), stage.context()).key
            let conversation = try await stage.open()
            let start = Runs.Start(conversation: conversation.id, content: Message.Content(text: "Hello"))
            let turn = try await stage.bus.call(Runs.Complete(start), CallContext(principal: key.principal))
            #expect(turn.end.usage?.cost == 14)
            _ = try await stage.say("And?", in: conversation)
            let today = Day(.now())
            let report = try await stage.bus.call(
                Usage.Report(from: Day(number: today.number - 1), to: today, groups: Usage.Group.allCases),
                stage.context()
            )
            #expect(report.lines.count == 2)
            let line = try #require(report.lines.first { $0.key == key.id })
            #expect(line.keyName == "laptop")
            #expect(line.model == "scripted/model")
            #expect(line.user == "alice")
            #expect(line.total == Usage.Total(usage(10, 2, cost: 14)))
            #expect(report.total.requests == 2)
            #expect(report.total.cost == 28)
            #expect(try await stage.used(by: "bob") == Usage.Total())
        }
    }

    @Test func `a run that nobody says the usage of is estimated`() async throws {
        try await Stage.with { stage in
            let conversation = try await stage.open()
            stage.inference.charge(Model.Price(prompt: 1, completion: 2), usage: nil)
            let whole = try await stage.say("Hello", in: conversation)
            #expect(whole.end.usage?.isEstimated == true)
            stage.inference.play([.text("Well, "), .fail(Fault(.cut, "It broke off."))])
            let cut = try await stage.say("Hello", in: conversation)
            #expect(cut.end.status == .interrupted)
            let usage = try #require(cut.end.usage)
            #expect(usage.isEstimated)
            #expect(usage.promptTokens == cut.end.context?.tokensEstimated)
            #expect(usage.completionTokens == 6)
            #expect(usage.cost == usage.promptTokens + 12)
            let used = try await stage.used()
            #expect(used.requests == 2)
            #expect(used.estimatedTokens == used.tokens)
        }
    }

    @Test(arguments: [Fault.Code.unavailable, .provider, .rejected, .limited])
    func `nothing is charged for a run that no provider began to answer`(_ code: Fault.Code) async throws {
        try await Stage.with { stage in
            try await stage.limit(Quota(period: .day, requests: 1))
            let conversation = try await stage.open()
            stage.inference.refuse(Fault(code, "No."))
            let turn = try await stage.say("Hello", in: conversation)
            #expect(turn.end.status == .failed)
            #expect(turn.end.usage == nil)
            #expect(try await stage.used() == Usage.Total())
            stage.inference.refuse(nil)
            #expect(try await stage.say("Hello", in: conversation).end.status == .completed)
        }
    }

    @Test func `whoever stops a run pays for what was asked and said`() async throws {
        try await Stage.with { stage in
            try await stage.limit(Quota(period: .day, requests: 2))
            let conversation = try await stage.open()
            stage.inference.play([.text("Well"), .hang])
            let stream = try await stage.start("Hello", in: conversation)
            var events = stream.makeAsyncIterator()
            let run = try #require(try await events.next()?.userMessage?.run)
            _ = try await events.next()
            let stopped = try await stage.bus.call(
                Runs.Cancel(conversation: conversation.id, run: run),
                stage.context()
            )
            #expect(stopped.usage?.isEstimated == true)
            #expect(stopped.model == "scripted/model")
            let standing = try await stage.standing()
            #expect(standing.used.requests == 1)
            #expect(standing.reserved == Usage.Total())
        }
    }

    @Test func `a turn that is stopped before it begins costs nothing`() async throws {
        try await Stage.with { stage in
            try await stage.limit(Quota(period: .day, requests: 2))
            let conversation = try await stage.open()
            stage.inference.play([.text("Well"), .hang])
            let first = try await stage.start("First", in: conversation)
            let run = try #require(try await first.nextBatch()?.first?.userMessage?.run)
            let second = try await stage.start("Second", in: conversation)
            let waiting = try #require(try await second.nextBatch()?.first?.userMessage?.run)
            try await stage.refuses(
                Runs.Complete(Runs.Start(conversation: conversation.id, content: Message.Content(text: "Third"))),
                stage.context(),
                .quotaExceeded
            )
            for id in [waiting, run] {
                _ = try await stage.bus.call(Runs.Cancel(conversation: conversation.id, run: id), stage.context())
            }
            let standing = try await stage.standing()
            #expect(standing.used.requests == 1)
            #expect(standing.reserved == Usage.Total())
        }
    }

    @Test func `a batch counts once, however often it comes`() async throws {
        try await Stage.with { stage in
            let today = Day(.now())
            var total = Usage.Total(usage(100, 50, cost: 7))
            total += Usage.Total(usage(1, 1))
            let entry = Usage.Entry(user: "alice", key: nil, model: "a/b", day: today, total: total)
            let record = Usage.Record(batch: Usage.Record.ID(), entries: [entry, entry])
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<20 { group.addTask { _ = try await stage.bus.call(record, CallContext()) } }
                try await group.waitForAll()
            }
            let used = try await stage.used()
            #expect(used.requests == 4)
            #expect(used.tokens == 304)
            #expect(used.cost == 14)
            #expect(used.unpricedRequests == 2)
        }
    }

    @Test func `what cannot be does not count, and takes nothing else along`() async throws {
        try await Stage.with { stage in
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
                _ = try await stage.bus.call(mixed, CallContext())
                let record = Usage.Record(batch: Usage.Record.ID(), entries: [entry])
                try await stage.refuses(record, CallContext(), .invalid)
            }
            #expect(try await stage.used().requests == 5)
            #expect(try await stage.used().tokens == 10)
            // What a provider says is never taken for more than can be.
            stage.inference.charge(nil, usage: usage(.max, .max, cost: .max))
            let conversation = try await stage.open()
            for _ in 0..<3 { _ = try await stage.say("Hello", in: conversation) }
            #expect(try await stage.used().requests == 8)
        }
    }

    @Test func `users see their own usage, admins everybody's`() async throws {
        try await Stage.with { stage in
            _ = try await stage.say("Hello", in: stage.open())
            _ = try await stage.say("Hello", in: stage.open("bob"), as: "bob")
            let today = Day(.now())
            var report = Usage.Report(user: "alice", from: Day(number: today.number - 1), to: today, groups: [.user])
            try await stage.refuses(report, stage.context("bob"), .forbidden)
            #expect(try await stage.bus.call(report, Stage.admin).total.requests == 1)
            report = Usage.Report(isAll: true, from: report.from, to: report.to, groups: [.user, .model])
            try await stage.refuses(report, stage.context(), .forbidden)
            let lines = try await stage.bus.call(report, Stage.admin).lines
            #expect(lines.map(\.user) == ["alice", "bob"])
            report.to = Day(number: report.from.number - 1)
            try await stage.refuses(report, Stage.admin, .invalid)
        }
    }

    private func usage(_ prompt: Int, _ completion: Int, cost: Int? = nil) -> Usage {
        Usage(promptTokens: prompt, completionTokens: completion, isEstimated: false, cost: cost)
    }
}
