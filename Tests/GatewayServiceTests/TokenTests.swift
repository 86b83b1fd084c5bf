import Contracts
import Foundation
import NIOHTTP1
import Synchronization
import TestSupport
import Testing

@testable import GatewayService

@Suite(.timeLimit(.minutes(5)))
struct TokenTests {
    @Test func `hostile tokens are rejected in every mode without a crash`() async throws {
        #expect(HostileToken.all.count >= 48)
        for mode in ["required", "open", "off"] {
            try await TestGateway.with(["AUTH_MODE": mode]) { gateway in
                for (description, token) in HostileToken.all {
                    let answer = try await gateway.ask(.GET, "/api/v1/chat/conversations", token: token)
                    #expect(answer.status == 401 || answer.status == 431, "\(description), \(mode)")
                    #expect(answer.isEnvelope, "\(description), \(mode)")
                }
                #expect(try await gateway.ask(.GET, "/api/v1/chat/conversations").status == 200)
                #expect(gateway.services.requests.count == 1)
            }
        }
    }

    @Test(arguments: HostileToken.all.map(\.token))
    func `the verifier rejects hostile tokens`(_ token: String) async throws {
        let verifier = await TokenVerifier(secret: TestGateway.secret, issuer: "parley", audience: nil)
        await #expect(throws: Fault.self) { try await verifier.verify(token) }
        do {
            _ = try await verifier.verify(token)
        } catch let fault as Fault {
            #expect(fault.code == .unauthorized)
            #expect(!fault.message.contains(token))
        }
    }

    @Test(arguments: [
        (#"{"alg":"HS256","typ":"JWT"}"#, #""user_id":"alice""#, "alice", Principal.Role.user),
        (#"{"typ":"JWT","alg":"HS256"}"#, #""sub":"alice""#, "alice", .user),
        (#"{"alg":"HS256"}"#, #""user_id":"alice","sub":"bob""#, "alice", .user),
        (#"{"alg":"HS256"}"#, #""user_id":"Zo\u00eb \ud83c\udf73","role":"user""#, "Zoë 🍳", .user),
        (#"{"alg":"HS256"}"#, #""user_id":"root","role":"admin""#, "root", .admin),
        (#"{"alg":"HS256"}"#, #""user_id":"root","role":"Admin""#, "root", .user),
        (#"{"alg":"HS256"}"#, #""user_id":"root","role":"superuser""#, "root", .user),
        (#"{"alg":"HS256"}"#, #""user_id":"alice","aud":"anything","other":{"a":[1]}"#, "alice", .user),
    ])
    func `a valid token has a principal and a role`(
        header: String,
        claims: String,
        user: String,
        role: Principal.Role
    ) async throws {
        let payload = "{\(claims),\"iss\":\"parley\",\"exp\":2000}"
        let principal = try await verifier().verify(TestToken.make(header: header, payload: payload))
        #expect(principal == Principal(user: user, role: role))
    }

    @Test func `a cached token expires`() async throws {
        let clock = Mutex(1000.0)
        let verifier = await TokenVerifier(secret: TestGateway.secret, issuer: "parley", audience: nil) {
            clock.withLock { $0 }
        }
        let token = TestToken.make(payload: #"{"user_id":"alice","iss":"parley","exp":1010}"#)
        for _ in 0..<3 { #expect(try await verifier.verify(token).user == "alice") }
        clock.withLock { $0 = 1010 }
        await #expect(throws: Fault.self) { try await verifier.verify(token) }
        clock.withLock { $0 = 1009.9 }
        #expect(try await verifier.verify(token).user == "alice")
    }

    @Test func `clocks may differ by one minute`() async throws {
        let claims = #""user_id":"alice","iss":"parley","exp":2000"#
        let verifier = await verifier()
        for claim in ["nbf", "iat"] {
            #expect(try await verifier.verify(TestToken.make(payload: "{\(claims),\"\(claim)\":1059}")).user == "alice")
            let future = TestToken.make(payload: "{\(claims),\"\(claim)\":1061}")
            await #expect(throws: Fault.self) { try await verifier.verify(future) }
        }
    }

    @Test func `no token makes the gateway connect to an address that it names`() async throws {
        try await RawServer.with(saying: FakeResponse(head: "HTTP/1.1 204 No Content\r\n\r\n", body: [])) { server in
            let url = "http://\(server.authority)/keys"
            let headers = ["jku", "x5u", "kid", "iss"].map {
                "{\"alg\":\"HS256\",\"typ\":\"JWT\",\"\($0)\":\"\(url)\"}"
            }
            let payload = "{\"user_id\":\"alice\",\"iss\":\"\(url)\",\"exp\":9999999999}"
            try await TestGateway.with(["AUTH_MODE": "required"]) { gateway in
                for header in headers + [TestToken.header] {
                    let token = TestToken.make(header: header, payload: payload)
                    let status = try await gateway.ask(.GET, "/api/v1/chat/conversations", token: token).status
                    #expect(status == 401)
                }
            }
            #expect(server.connections == 0)
        }
    }

    @Test func `an audience is checked where one is set`() async throws {
        let verifier = await TokenVerifier(secret: TestGateway.secret, issuer: "parley", audience: "app") { 1000 }
        let claims = #""user_id":"alice","iss":"parley","exp":2000"#
        for audience in [#""app""#, #"["other","app"]"#] {
            let token = TestToken.make(payload: "{\(claims),\"aud\":\(audience)}")
            #expect(try await verifier.verify(token).user == "alice")
        }
        for audience in [#","aud":"other""#, #","aud":["other"]"#, #","aud":[]"#, #","aud":1"#, #","aud":null"#, ""] {
            let token = TestToken.make(payload: "{\(claims)\(audience)}")
            await #expect(throws: Fault.self, "\(audience)") { try await verifier.verify(token) }
        }
    }

    @Test func `an issued token is accepted`() async throws {
        let verifier = await verifier()
        let (token, lifetime) = try await verifier.issue(to: "Zoë")
        #expect(lifetime == 86_400)
        #expect(try await verifier.verify(token) == Principal(user: "Zoë"))
    }

    private func verifier() async -> TokenVerifier {
        await TokenVerifier(secret: TestGateway.secret, issuer: "parley", audience: nil) { 1000 }
    }
}
