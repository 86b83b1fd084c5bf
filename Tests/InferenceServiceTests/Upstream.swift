import HTTP
import TestSupport
import Testing

/// What a provider is found as.
enum Upstream: Sendable {
    /// One that gives an answer in its dialect, or what is left of one.
    case answering(@Sendable (FakeDialect) -> FakeResponse)
    /// One that reads the beginning of a request and says bytes that are none of HTTP.
    case saying(FakeResponse)
    /// The same behind an `https` URL: it speaks no TLS.
    case sayingWithoutTLS(FakeResponse)
    /// One whose certificate nobody trusts.
    case withWrongCertificate
    /// Nobody listens.
    case nobody
    /// The name stands for no address.
    case unknownName
    /// A connection is neither accepted nor refused.
    case deaf

    /// Who asks: one for all, since each of them reads all the authorities that are trusted when it first needs TLS.
    private static let client = HTTPClient(configuration: HTTPClient.Configuration(connectTimeout: .seconds(20)))
    private static let hasty = HTTPClient(configuration: HTTPClient.Configuration(connectTimeout: .milliseconds(120)))

    /// Who asks it.
    var client: HTTPClient {
        if case .deaf = self { Self.hasty } else { Self.client }
    }

    /// Runs `body` with the provider's URL, how often it was asked, and whether it is left in peace.
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
            // So long a label cannot even be asked for: no name server makes the tests slow.
            try await body("http://\(String(repeating: "x", count: 64)).invalid:1", nil) { true }
        case .deaf: try await RawServer.withFullBacklog { try await body("http://\($0)", nil) { true } }
        }
    }
}
