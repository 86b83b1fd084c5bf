import NIOHTTP1
import ServiceKit
import Testing

@testable import GatewayService

struct ClientAddressTests {
    /// Headers, and the expected client of the peer 10.0.0.1, where 10.0.0.0/8 and fd00::/8 are trusted.
    struct Row: Sendable, CustomTestStringConvertible {
        var headers: [(String, String)]
        var client: String

        var testDescription: String { headers.map { "\($0): \($1)" }.joined(separator: " | ") }

        init(_ headers: [(String, String)], _ client: String) {
            self.headers = headers
            self.client = client
        }

        static func list(_ value: String, _ client: String) -> Row { Row([("X-Forwarded-For", value)], client) }
        static func standard(_ value: String, _ client: String) -> Row { Row([("Forwarded", value)], client) }
    }

    private static let peer = "10.0.0.1"

    static let lists: [Row] = [
        .list("192.0.2.1", "192.0.2.1"),
        .list("192.0.2.1:4711", "192.0.2.1"),
        .list("2001:db8::1", "2001:db8::1"),
        .list("[2001:db8::1]", "2001:db8::1"),
        .list("[2001:db8::1]:4711", "2001:db8::1"),
        .list("::ffff:192.0.2.1", "192.0.2.1"),
        // Only the right end is added by the trusted proxy.
        .list("127.0.0.1, 192.0.2.1", "192.0.2.1"),
        .list("198.51.100.7, 192.0.2.1, 10.0.0.2", "192.0.2.1"),
        .list("198.51.100.7,192.0.2.1,fd00::2,::ffff:10.0.0.2", "192.0.2.1"),
        .list("garbage, 192.0.2.1", "192.0.2.1"),
        .list(" \t192.0.2.1 , ,", "192.0.2.1"),
        // All are trusted: the client is a trusted machine itself.
        .list("10.0.0.3, 10.0.0.2", "10.0.0.3"),
        // A proxy without an address to tell: its own address counts.
        .list("192.0.2.1, unknown", peer),
        .list("192.0.2.1, _hidden, 10.0.0.2", "10.0.0.2"),
        .list("192.0.2.1, 127.1", peer),
        .list("192.0.2.1, 192.0.2.1:port", peer),
        .list("192.0.2.1, [192.0.2.1]", peer),
        .list("192.0.2.1, [2001:db8::1", peer),
        .list("192.0.2.1, 192.0.2.1:123456", peer),
        .list("", peer), .list(",", peer),
        Row([("X-Forwarded-For", "198.51.100.7"), ("x-forwarded-for", "192.0.2.1")], "192.0.2.1"),
    ]

    static let standard: [Row] = [
        .standard("for=192.0.2.1", "192.0.2.1"),
        .standard("For=\"192.0.2.1:4711\";proto=https;by=10.0.0.1", "192.0.2.1"),
        .standard("proto=http; for=\"[2001:db8::1]:4711\"", "2001:db8::1"),
        .standard("for=\"[2001:db8::1]\"", "2001:db8::1"),
        .standard("for=\"[2001:db8::1]:_port\"", "2001:db8::1"),
        .standard("for=\"192.0.2.\\1\"", "192.0.2.1"),
        .standard("for=127.0.0.1, for=192.0.2.1;host=x", "192.0.2.1"),
        .standard("for=192.0.2.1, for=10.0.0.2", "192.0.2.1"),
        .standard("for=\"a, for=127.0.0.1\", for=192.0.2.1", "192.0.2.1"),
        .standard("for=192.0.2.1, for=unknown", peer),
        .standard("for=192.0.2.1, for=_hidden", peer),
        .standard("for=192.0.2.1, for=\"_hidden:4711\"", peer),
        .standard("for=192.0.2.1, proto=https", peer),
        .standard("for=192.0.2.1;for=198.51.100.7", peer),
        .standard("for=\"192.0.2.1", peer),
        .standard("for=\"x, for=192.0.2.1", peer),
        .standard("for", peer), .standard("=", peer), .standard("", peer),
        Row([("Forwarded", "for=\"x"), ("Forwarded", "for=192.0.2.1")], "192.0.2.1"),
    ]

    static let both: [Row] = [
        Row([("Forwarded", "for=192.0.2.1"), ("X-Forwarded-For", "192.0.2.1")], "192.0.2.1"),
        Row([("Forwarded", "for=192.0.2.1"), ("X-Forwarded-For", "198.51.100.7")], peer),
        Row([("X-Real-IP", "192.0.2.1")], peer), Row([], peer),
    ]

    @Test(arguments: lists + standard + both)
    func `a trusted proxy names the client`(_ row: Row) throws {
        let client = try resolve(row, peer: Self.peer)
        #expect(client == IPAddress(row.client))
        #expect(try resolve(row, peer: "::ffff:10.0.0.1") == client)
    }

    @Test(arguments: lists + standard + both)
    func `another peer names nobody but itself`(_ row: Row) throws {
        #expect(try resolve(row, peer: "192.0.2.99") == IPAddress("192.0.2.99"))
        #expect(try resolve(row, peer: "127.0.0.1") == IPAddress("127.0.0.1"))
    }

    private func resolve(_ row: Row, peer: String) throws -> IPAddress? {
        let trusted = [try #require(IPNetwork("10.0.0.0/8")), try #require(IPNetwork("fd00::/8"))]
        return ClientAddress.resolve(peer: IPAddress(peer), headers: HTTPHeaders(row.headers), trusted: trusted)
    }
}
