import Bus
import Contracts
import GRDB
import TestSupport
import Testing

@testable import ConversationService

/// Reservations of a killed process are settled once.
@Suite(.timeLimit(.minutes(5)))
struct QuotaRecoveryTests {
    @Test func `a run interrupted by a crash is charged for its stored text`() async throws {
        try await withTemporaryDirectory { directory in
            let conversation = try await Fixture.with(directory) { fixture in
                try await fixture.setQuota(Quota(period: .day, requests: 2))
                let conversation = try await fixture.open()
                fixture.inference.play([.text("So far"), .hang])
                let stream = try await fixture.start("Hello", in: conversation)
                _ = try await stream.nextBatch()
                try await eventually("The text on the disk") {
                    try await count("run_events", in: directory) > 0
                }
                try copyAsIfKilled(directory)
                return conversation
            }
            try await waitForRelease(directory)
            try restoreAsKilled(directory)
            #expect(try await count("reservations", in: directory) == 1)
            try await Fixture.with(directory) { fixture in
                try await eventually("The charge") { try await fixture.quotaStatus().used.requests == 1 }
                let status = try await fixture.quotaStatus()
                #expect(status.reserved == Usage.Total())
                #expect(status.used.requests == 1)
                #expect(status.used.completionTokens == 6)
                #expect(status.used.estimatedTokens == status.used.tokens)
                let today = Day(.now())
                let report = Usage.Report(from: Day(number: today.number - 1), to: today, groups: [.model])
                #expect(try await fixture.bus.call(report, fixture.context()).lines.map(\.model) == ["scripted/model"])
                #expect(try await fixture.send("Again", in: conversation).end.status == .completed)
                let start = Runs.Start(conversation: conversation.id, content: Message.Content(text: "More"))
                try await fixture.expectFault(Runs.Complete(start), fixture.context(), .quotaExceeded)
            }
        }
    }

    @Test func `an expired reservation of a gateway counts as used`() async throws {
        try await withSQLiteStore { store in
            let subject = Quota.Subject.user("alice")
            _ = try await store.setQuota(Quota(period: .day, requests: 3), for: subject, at: .now()).get()
            let model = Model(name: "a/b", window: 8192, price: Model.Price(prompt: 1, completion: 1))
            let usageRequest = UsageRequest(promptTokens: 10, maxTokens: 20, model: .success(model))
            for end in [.max, 1, 1] as [Int64] {
                let reservation = StoredReservation.sample(expiresAt: Timestamp(microseconds: end))
                guard case .reserved = try await store.reserve(usageRequest, as: reservation) else {
                    throw Fault(.internal, "The usage was not reserved.")
                }
            }
            await ReservationExpiry(store: store, lifetime: .seconds(1)).settleExpired(at: .now())
            let status = try await store.quotaStatus(of: subject, for: Principal(user: "alice"), at: .now()).get()
            #expect(status.used.requests == 2)
            #expect(status.used.tokens == 60)
            #expect(status.used.estimatedTokens == 60)
            #expect(status.used.cost == 60)
            #expect(status.reserved.requests == 1)
        }
    }

    @Test func `a queued turn keeps its reservation across a restart and is charged once`() async throws {
        try await withTemporaryDirectory { directory in
            try await Fixture.with(directory) { fixture in
                try await fixture.setQuota(Quota(period: .day, requests: 2))
                let conversation = try await fixture.open()
                fixture.inference.play([.text("Well"), .hang])
                for text in ["First", "Second"] {
                    let stream = try await fixture.start(text, in: conversation)
                    _ = try await stream.nextBatch()
                }
                try copyAsIfKilled(directory)
            }
            try await waitForRelease(directory)
            try restoreAsKilled(directory)
            try await Fixture.with(directory) { fixture in
                try await eventually("The end of what waited") {
                    try await fixture.quotaStatus().reserved.requests == 0
                }
                #expect(fixture.inference.requests.count == 1)
                let used = try await fixture.quotaStatus().used.requests
                #expect((1...2).contains(used))
            }
        }
    }

    private func count(_ table: String, in directory: String) async throws -> Int {
        let reader = try Self.queue(directory + "/conversation.sqlite")
        return try await reader.read { try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM \(table)") ?? 0 }
    }

    /// Copies the database as a killed process would leave it.
    private func copyAsIfKilled(_ directory: String) throws {
        let source = try Self.queue(directory + "/conversation.sqlite")
        let copy = try Self.queue(directory + "/killed.sqlite")
        try source.backup(to: copy)
    }

    private func restoreAsKilled(_ directory: String) throws {
        let copy = try Self.queue(directory + "/killed.sqlite")
        let target = try Self.queue(directory + "/conversation.sqlite")
        try copy.backup(to: target)
    }

    /// A connection that waits for the service's writes.
    private static func queue(_ path: String) throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.busyMode = .timeout(10)
        return try DatabaseQueue(path: path, configuration: configuration)
    }
}
