import Bus
import Contracts
import Foundation
import HTTP
package import ServiceKit

/// conversation-svc: personas, conversations, messages and runs; it orchestrates a turn.
package enum ConversationService {
    /// Puts the service together: opens the store, ends what an earlier process left going, and builds downward.
    package static func unit(settings: Settings) async throws -> ServiceUnit {
        let configuration = try ConversationConfiguration(settings: settings)
        try FileManager.default.createDirectory(
            atPath: configuration.dataDirectory,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
        let database = try Database.open(at: configuration.databasePath)
        let inference = try HTTPBus(
            peer: "inference-svc",
            urls: configuration.inferenceURLs,
            token: configuration.busToken,
            client: HTTPClient()
        )
        let log = RunLog(database: database)
        let tasks = RunTasks()
        let book = try await AccessBook.open(database)
        let runs = LiveRuns(limit: configuration.concurrentRuns) { book.runLimit(of: $0) }
        let ledger = RunLedger(database: database, log: log, runs: runs, tasks: tasks)
        let windows = ModelWindows(inference: inference)
        let conversations = LiveConversations(
            surroundings: LiveConversation.Surroundings(
                database: database,
                inference: inference,
                windows: windows,
                runLimit: configuration.runLimit,
                log: log,
                ledger: ledger,
                tasks: tasks,
                runs: runs,
                book: book
            )
        )
        let personas = PersonaCatalogue(database: database)
        try await personas.install()
        conversations.resume(try await RunRecovery(database: database, ledger: ledger).recover())
        let endpoints = ConversationEndpoints(
            personas: personas,
            conversing: Conversing(database: database, conversations: conversations),
            keeping: Keeping(database: database),
            running: Running(conversations: conversations, runs: runs, database: database),
            keys: KeyRing(database: database, book: book),
            quotas: QuotaKeeping(
                database: database,
                book: book,
                windows: windows,
                runLimit: configuration.runLimit
            ),
            accounting: Accounting(database: database, prices: Prices(windows: windows))
        )
        return ServiceUnit.bus(
            table: endpoints.table,
            host: configuration.host,
            port: configuration.port,
            token: configuration.busToken,
            background: [
                log, inference, conversations,
                Housekeeping(database: database, usageDays: configuration.usageDays),
                ReservationExpiry(database: database),
            ],
            drainedFirst: [book, tasks],
            readiness: [ReadinessCheck("database") { try await database.write { _ in } }]
        )
    }
}
