import Bus
import Contracts
import HTTP
import ServiceKit
import Synchronization
import TestSupport
import Testing

@testable import GatewayService

/// What is believed of a key says since when.
@Suite(.timeLimit(.minutes(1)))
struct KeyVerifierTests {
    @Test func `who joins a look-up that news overtook is told that they may concern the key`() async throws {
        let cache = KeyCache()
        cache.hear(Keys.News(quotas: []))
        let secret = KeySecret()
        let key = APIKey(
            id: APIKey.ID(),
            name: "a key",
            user: "alice",
            role: .user,
            limits: APIKey.Limits(),
            createdAt: Sample.moment,
            expiresAt: nil
        )
        let finds = Mutex(0)
        var table = EndpointTable(service: "conversation-svc")
        table.serve(Keys.Find.self) { _, _ in
            let count = finds.withLock { finds in
                finds += 1
                return finds
            }
            // Others change while it is looked up, and in the end the key itself; the answer is older than that.
            cache.hear(Keys.News(key: count < 3 ? APIKey.ID() : key.id))
            if count == 3 { try await Task.sleep(for: .milliseconds(300)) }
            return key
        }
        let house = ServiceUnit.bus(table: table, host: "127.0.0.1", port: 0, token: Gate.busToken)
        try await withRunning(house) { port in
            let bus = try HTTPBus(
                peer: "conversation-svc",
                urls: ["http://127.0.0.1:\(port)"],
                token: Gate.busToken,
                client: HTTPClient()
            )
            let verifier = KeyVerifier(conversations: bus, cache: cache)
            async let first = verifier.verify(secret.text, from: "::1", requestID: "1")
            try await eventually("The last look-up") { finds.withLock { $0 } == 3 }
            let joined = try await verifier.verify(secret.text, from: "::1", requestID: "2")
            #expect(joined.key == key && joined.version < cache.version)
            #expect(try await first.version < cache.version)
        }
    }
}
