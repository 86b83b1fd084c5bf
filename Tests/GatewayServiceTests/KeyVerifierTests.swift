import Bus
import Contracts
import HTTP
import ServiceKit
import Synchronization
import TestSupport
import Testing

@testable import GatewayService

@Suite(.timeLimit(.minutes(5)))
struct KeyVerifierTests {
    @Test func `a shared look-up has the version from before it started`() async throws {
        let cache = KeyCache()
        cache.apply(Keys.Event(quotas: []))
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
        let isReleased = Mutex(false)
        var table = EndpointTable(service: "conversation-svc")
        table.serve(Keys.Find.self) { _, _ in
            let count = finds.withLock { finds in
                finds += 1
                return finds
            }
            // Other keys change during the look-up, and at last the key itself, after the response was computed.
            cache.apply(Keys.Event(key: count < 3 ? APIKey.ID() : key.id))
            if count == 3 { try await eventually("The release") { isReleased.withLock(\.self) } }
            return key
        }
        let services = ServiceUnit.bus(table: table, host: "127.0.0.1", port: 0, token: TestGateway.busToken)
        try await withRunning(services) { port in
            let bus = try HTTPBus(
                peer: "conversation-svc",
                urls: ["http://127.0.0.1:\(port)"],
                token: TestGateway.busToken,
                client: HTTPClient()
            )
            let verifier = KeyVerifier(conversations: bus, cache: cache)
            async let first = verifier.verify(secret.text, from: "::1", requestID: "1")
            try await eventually("The last look-up") { finds.withLock { $0 } == 3 }
            async let second = verifier.verify(secret.text, from: "::1", requestID: "2")
            // The second request has the time to join the look-up; a later one has the same result.
            try await Task.sleep(for: .milliseconds(300))
            isReleased.withLock { $0 = true }
            let joined = try await second
            #expect(joined.key == key && joined.version < cache.version)
            #expect(try await first.version < cache.version)
        }
    }
}
