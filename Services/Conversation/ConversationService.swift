import Bus
import Contracts
import Foundation
import HTTP
package import ServiceKit

/// conversation-svc: stores personas, conversations, messages and runs, and orchestrates turns.
package enum ConversationService {
    /// Creates the service: opens the store and wires the handlers.
    ///
    /// The runs that an earlier process left unfinished are recovered in the background.
    package static func unit(settings: Settings) async throws -> ServiceUnit {
        let configuration = try ConversationConfiguration(settings: settings)
        try FileManager.default.createDirectory(
            atPath: configuration.dataDirectory,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
        let store = try await SQLiteStore.open(at: configuration.databasePath)
        let inference = try HTTPBus(
            peer: "inference-svc",
            urls: configuration.inferenceURLs,
            token: configuration.busToken,
            client: HTTPClient()
        )
        let modelCache = ModelCache(inference: inference)
        let accessCache = AccessCache(try await store.accessState())
        let memories = MemoryServices(store: store, inference: inference, model: configuration.memoryModel)
        let networkTools = configuration.networkTools
        let tools = ToolRegistry(
            memories.tools + networkTools.available + JokeTools.all,
            unavailable: networkTools.unavailable
        )
        let transcripts = TranscriptMirror(store: store, folder: configuration.transcriptDirectory)
        let turns = TurnServices(
            store: store,
            inference: inference,
            modelCache: modelCache,
            accessCache: accessCache,
            runsPerUser: configuration.concurrentRuns,
            runLimit: configuration.runLimit,
            toolRunner: tools,
            memories: TurnMemories.Options(
                search: memories.search,
                isRecalled: configuration.isMemoryRecalled,
                isExtracted: configuration.isMemoryExtracted
            ),
            transcripts: transcripts
        )
        let purge = BackgroundPurge(of: "conversations") { try await store.purgeConversations() }
        let personas = PersonaHandlers(store: store, revision: turns.personaRevision, tools: tools)
        try await personas.install()
        let quotas = QuotaHandlers(
            keyStore: store,
            usageStore: store,
            accessCache: accessCache,
            modelCache: modelCache,
            runLimit: configuration.runLimit
        )
        let endpoints = ConversationEndpoints(
            personas: personas,
            tools: ToolHandlers(registry: tools),
            conversations: ConversationHandlers(
                store: store,
                conversations: turns.conversations,
                purge: purge,
                transcripts: transcripts
            ),
            imports: ImportHandlers(store: store, purge: purge),
            runs: RunHandlers(conversations: turns.conversations, runs: turns.runs, store: store),
            keys: KeyHandlers(store: store, accessCache: accessCache, busToken: configuration.busToken),
            quotas: quotas,
            usage: UsageHandlers(store: store, prices: PriceLookup(modelCache: modelCache)),
            memories: memories.handlers
        )
        return ServiceUnit.bus(
            table: endpoints.table,
            host: configuration.host,
            port: configuration.port,
            token: configuration.busToken,
            background: [
                inference, purge, transcripts,
                Maintenance(store: store, usageDays: configuration.usageDays),
                ReservationExpiry(store: store, lifetime: quotas.reservationLifetime),
            ] + memories.background + turns.background,
            drainedFirst: [accessCache, turns.tasks],
            readiness: [ReadinessCheck("database") { try await store.database.checkReadable() }]
        )
    }
}
