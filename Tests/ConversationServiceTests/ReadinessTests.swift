import GRDB
import HTTP
import TestSupport
import Testing

/// conversation-svc is ready while it can read.
@Suite(.timeLimit(.minutes(5)))
struct ReadinessTests {
    @Test func `the service is ready while another process keeps it from writing`() async throws {
        try await Fixture.with { fixture in
            var configuration = Configuration()
            configuration.allowsUnsafeTransactions = true
            // The service may be writing at its start.
            configuration.busyMode = .timeout(30)
            let file = fixture.directory + "/conversation.sqlite"
            let other = try DatabaseQueue(path: file, configuration: configuration)
            try await other.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") }
            let answer = try await HTTPClient().send(
                HTTPClient.Request(url: "http://127.0.0.1:\(fixture.port)/readyz")
            )
            #expect(answer.status == 200)
            try await other.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
        }
    }
}
