import Bus
import Contracts
import Foundation
import HTTP
package import ServiceKit

/// conversation-svc: stores personas, conversations, messages and runs, and orchestrates turns.
package enum ConversationService {
    /// Creates the service: opens the database, finishes the runs that an earlier process left unfinished, and wires
    /// the handlers.
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
        let eventWriter = RunEventWriter(database: database)
        let tasks = RunTasks()
        let accessCache = try await AccessCache.open(database)
        let runs = LiveRuns(limit: configuration.concurrentRuns) { accessCache.runLimit(of: $0) }
        let runWriter = RunWriter(database: database, eventWriter: eventWriter, runs: runs, tasks: tasks)
        let modelCache = ModelCache(inference: inference)
        let conversations = LiveConversations(
            dependencies: LiveConversation.Dependencies(
                database: database,
                inference: inference,
                modelCache: modelCache,
                runLimit: configuration.runLimit,
                eventWriter: eventWriter,
                runWriter: runWriter,
                tasks: tasks,
                runs: runs,
                accessCache: accessCache
            )
        )
        let personas = PersonaHandlers(database: database)
        try await personas.install()
        conversations.resume(try await RunRecovery(database: database, runWriter: runWriter).recover())
        let endpoints = ConversationEndpoints(
            personas: personas,
            conversations: ConversationHandlers(database: database, conversations: conversations),
            imports: ImportHandlers(database: database),
            runs: RunHandlers(conversations: conversations, runs: runs, database: database),
            keys: KeyHandlers(database: database, accessCache: accessCache),
            quotas: QuotaHandlers(
                database: database,
                accessCache: accessCache,
                modelCache: modelCache,
                runLimit: configuration.runLimit
            ),
            usage: UsageHandlers(database: database, prices: PriceLookup(modelCache: modelCache))
        )
        return ServiceUnit.bus(
            table: endpoints.table,
            host: configuration.host,
            port: configuration.port,
            token: configuration.busToken,
            background: [
                eventWriter, inference, conversations,
                Maintenance(database: database, usageDays: configuration.usageDays),
                ReservationExpiry(database: database),
            ],
            drainedFirst: [accessCache, tasks],
            readiness: [ReadinessCheck("database") { try await database.checkReadable() }]
        )
    }
}
