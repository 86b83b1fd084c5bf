import HTTP
import TestSupport
import Testing

/// The state of a provider's server.
enum Upstream: Sendable {
    /// A server that sends a response in its API's format, or a part of one.
    case answering(@Sendable (FakeDialect) -> FakeResponse)
    /// A server that reads the beginning of a request and sends bytes that are not HTTP.
    case saying(FakeResponse)
    /// The same at an `https` URL, without TLS.
    case sayingWithoutTLS(FakeResponse)
    /// A server with an untrusted certificate.
    case withWrongCertificate
    /// No server listens.
    case nobody
    /// The host name has no address.
    case unknownName
    /// Connections are neither accepted nor refused.
    case deaf

    /// A shared client, because each client loads all trusted certificates when it first uses TLS.
    private static let client = HTTPClient(configuration: HTTPClient.Configuration(connectTimeout: .seconds(20)))
    private static let hasty = HTTPClient(configuration: HTTPClient.Configuration(connectTimeout: .milliseconds(120)))

    /// The client.
    var client: HTTPClient {
        if case .deaf = self { Self.hasty } else { Self.client }
    }

    /// Runs `body` with the provider's URL, the number of its requests, and whether its connections are closed.
    func with(
        _ dialect: FakeDialect,
        _ body: (String, (() -> Int)?, () -> Bool) async throws -> Void
    ) async throws {
        switch self {
        case .answering(let answer):
            try await dialect.withServer { server in
                server.always(dialect.path, answer(dialect))
                let isLeft = { server.requests(dialect.path).allSatisfy { $0.isAnswered || $0.isAbandoned } }
                try await body(server.url, { server.requests(dialect.path).count }, isLeft)
                #expect(server.requests("/elsewhere").isEmpty, "A redirect is not followed.")
            }
        case .saying(let answer):
            try await RawServer.with(saying: answer) { server in
                try await body("http://\(server.authority)", nil) { server.openConnections == 0 }
            }
        case .sayingWithoutTLS(let answer):
            try await RawServer.with(saying: answer) { server in
                try await body("https://\(server.authority)", nil) { server.openConnections == 0 }
            }
        case .withWrongCertificate:
            try await RawServer.with(saying: FakeResponse.raw(""), tls: true) { server in
                try await body("https://\(server.authority)", nil) { server.openConnections == 0 }
            }
        case .nobody: try await body(try await unreachableURL(), nil) { true }
        case .unknownName:
            // A label of this length is invalid, so that no name server slows the tests.
            try await body("http://\(String(repeating: "x", count: 64)).invalid:1", nil) { true }
        case .deaf: try await RawServer.withFullBacklog { try await body("http://\($0)", nil) { true } }
        }
    }
}
