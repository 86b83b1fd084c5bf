import Bus
import HTTP

@testable import ConversationService

extension QuotaHandlers {
    /// Creates handlers that cannot look a model up.
    static func sample(
        _ store: SQLiteStore,
        _ accessCache: AccessCache,
        keyStore: (any KeyStore)? = nil
    ) throws -> QuotaHandlers {
        let bus = try HTTPBus(peer: "nobody", urls: ["http://127.0.0.1:9"], token: "x", client: HTTPClient())
        return QuotaHandlers(
            keyStore: keyStore ?? store,
            usageStore: store,
            accessCache: accessCache,
            modelCache: ModelCache(inference: bus),
            runLimit: .seconds(1)
        )
    }
}
