/// The bytes of a malformed request.
struct Malformed: Sendable, CustomStringConvertible {
    var description: String
    var bytes: [UInt8]
    /// The only status that is right, where it matters which.
    var status: Int?

    init(_ description: String, _ text: String, status: Int? = nil) {
        self.init(description, bytes: Array(text.utf8), status: status)
    }

    init(_ description: String, bytes: [UInt8], status: Int? = nil) {
        self.description = description
        self.bytes = bytes
        self.status = status
    }

    /// A request with these header lines, each ending with CRLF, and this body.
    static func request(
        _ description: String,
        _ line: String = "GET /api/v1/influencers HTTP/1.1",
        _ headers: String = "",
        host: String = "Host: x\r\n",
        body: String = "",
        status: Int? = nil
    ) -> Malformed {
        Malformed(description, "\(line)\r\n\(host)\(headers)\r\n\(body)", status: status)
    }
}

extension Malformed {
    private static let post = "POST /auth/token HTTP/1.1"
    private static let json = "Content-Type: application/json\r\n"
    private static let chunked = "Transfer-Encoding: chunked\r\n"

    /// What is wrong with how messages are told apart.
    static let framing: [Malformed] = [
        .request("length and chunks", post, json + "Content-Length: 5\r\n" + chunked, body: "0\r\n\r\n"),
        .request("chunks and length", post, json + chunked + "Content-Length: 5\r\n", body: "0\r\n\r\n"),
        .request("two lengths", post, json + "Content-Length: 2\r\nContent-Length: 3\r\n", body: "{}"),
        .request("the same length twice", post, json + "Content-Length: 2\r\nContent-Length: 2\r\n", body: "{}"),
        .request("a list of lengths", post, json + "Content-Length: 2, 2\r\n", body: "{}"),
        .request("a negative length", post, json + "Content-Length: -1\r\n", body: "{}"),
        .request("a signed length", post, json + "Content-Length: +2\r\n", body: "{}"),
        .request("a hexadecimal length", post, json + "Content-Length: 0x2\r\n", body: "{}"),
        .request("a length of letters", post, json + "Content-Length: two\r\n", body: "{}"),
        .request("a length with a blank", post, json + "Content-Length: 2 2\r\n", body: "{}"),
        .request("an empty length", post, json + "Content-Length:\r\n", body: "{}"),
        .request("a length beyond 64 bits", post, json + "Content-Length: 99999999999999999999\r\n", body: "{}"),
        .request("a length over the limit", post, json + "Content-Length: 1048577\r\n", body: "{", status: 413),
        .request("a huge length", post, json + "Content-Length: 9223372036854775807\r\n", body: "{", status: 413),
        .request("chunks over the limit", post, json + chunked, body: tooManyChunks, status: 413),
        .request("gzip encoding", post, json + "Transfer-Encoding: gzip\r\n", body: "{}"),
        .request("gzip, then chunks", post, json + "Transfer-Encoding: gzip, chunked\r\n", body: "0\r\n\r\n"),
        .request("chunks twice", post, json + chunked + chunked, body: "0\r\n\r\n"),
        .request("chunks, then identity", post, json + "Transfer-Encoding: chunked, identity\r\n", body: "0\r\n\r\n"),
        .request("chunks with a vertical tab", post, json + "Transfer-Encoding: \u{0B}chunked\r\n", body: "0\r\n\r\n"),
        .request("a blank before the colon", post, json + "Transfer-Encoding : chunked\r\n", body: "0\r\n\r\n"),
        .request("chunks in HTTP/1.0", "POST /auth/token HTTP/1.0", json + chunked, body: "0\r\n\r\n"),
        .request("a chunk of no size", post, json + chunked, body: "x\r\n{}\r\n0\r\n\r\n"),
        .request("a negative chunk", post, json + chunked, body: "-2\r\n{}\r\n0\r\n\r\n"),
        .request("a chunk beyond 64 bits", post, json + chunked, body: "fffffffffffffffff\r\n{}\r\n"),
        .request("a chunk longer than it says", post, json + chunked, body: "2\r\n{}{}\r\n0\r\n\r\n"),
        .request("a chunk of 0x2", post, json + chunked, body: "0x2\r\n{}\r\n0\r\n\r\n"),
        .request("bare LF in the chunks", post, json + chunked, body: "2\n{}\n0\n\n"),
        .request("a control character in a trailer", post, json + chunked, body: "2\r\n{}\r\n0\r\nA: \u{1}\r\n\r\n"),
    ]

    private static let tooManyChunks = String(
        repeating: "10000\r\n\(String(repeating: " ", count: 65_536))\r\n",
        count: 17
    )

    /// What is wrong with the first line and the headers.
    static let heads: [Malformed] = [
        Malformed("garbage", "garbage\r\n\r\n"),
        Malformed(
            "a TLS hello",
            bytes: [0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xFC, 0x03, 0x03, 0x0D, 0x0A]
        ),
        Malformed("the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        Malformed("HTTP/0.9", "GET /health\r\n\r\n"),
        .request("HTTP/2.0", "GET /health HTTP/2.0", status: 505),
        .request("HTTP/1.2", "GET /health HTTP/1.2", status: 505),
        .request("HTTP/9.9", "GET /health HTTP/9.9"),
        .request("a lower-case protocol", "GET /health http/1.1"),
        .request("no version", "GET /health HTTP/"),
        .request("a method of punctuation", "G@T /health HTTP/1.1"),
        .request("a lower-case method", "get /health HTTP/1.1"),
        .request("an unknown method", "BREW /health HTTP/1.1", status: 501),
        .request("a known method that no route takes", "PROPFIND /health HTTP/1.1", status: 405),
        .request("a blank in the target", "GET /health x HTTP/1.1"),
        .request("no host", "GET /health HTTP/1.1", host: "", status: 400),
        .request("two hosts", "GET /health HTTP/1.1", "Host: y\r\n", status: 400),
        .request("the same host twice", "GET /health HTTP/1.1", "Host: x\r\n", status: 400),
        .request("an empty host", "GET /health HTTP/1.1", host: "Host:\r\n", status: 400),
        .request("a host with a path", "GET /health HTTP/1.1", host: "Host: x/y\r\n", status: 400),
        .request("a host with a user", "GET /health HTTP/1.1", host: "Host: a@x\r\n", status: 400),
        .request("a host with a blank", "GET /health HTTP/1.1", host: "Host: x y\r\n", status: 400),
        .request("a host in a list", "GET /health HTTP/1.1", host: "Host: x, y\r\n", status: 400),
        .request("a host beyond ASCII", "GET /health HTTP/1.1", host: "Host: h\u{F6}st\r\n", status: 400),
        .request("a folded header", headers: "X-A: 1\r\n 2\r\n"),
        .request("a header that begins with a blank", headers: " X-A: 1\r\n"),
        .request("a header without a colon", headers: "X-A\r\n"),
        .request("a header without a name", headers: ": 1\r\n"),
        .request("a blank in a header's name", headers: "X A: 1\r\n"),
        .request("NUL in a header", headers: "X-A: 1\u{0}2\r\n"),
        .request("a bare CR in a header", headers: "X-A: 1\r2\r\n"),
        .request("101 headers", headers: String(repeating: "X-A: 1\r\n", count: 101), status: 431),
        .request("1,001 headers", headers: String(repeating: "X-A: 1\r\n", count: 1001), status: 431),
        .request("20 KB of headers", headers: lines(of: 2000, count: 10), status: 431),
        .request("one header of 17 KB", headers: lines(of: 17_000, count: 1), status: 431),
        .request("one header of 100 KB", headers: lines(of: 100_000, count: 1), status: 431),
        .request("1 MB of headers", headers: lines(of: 10_000, count: 100), status: 431),
    ]

    private static func request(_ description: String, headers: String, status: Int? = nil) -> Malformed {
        .request(description, "GET /health HTTP/1.1", headers, status: status)
    }

    private static func lines(of length: Int, count: Int) -> String {
        String(repeating: "X-A: \(String(repeating: "a", count: length))\r\n", count: count)
    }
}

extension Malformed {
    /// Paths that another program might read otherwise, all before something that wants a credential.
    static let paths: [Malformed] =
        [
            "//api/v1/chat/conversations", "/api//v1/chat/conversations", "/api/v1/chat//conversations",
            "/./api/v1/chat/conversations", "/api/v1/./chat/conversations", "/api/v1/x/../chat/conversations",
            "/health/../api/v1/chat/conversations", "/api/v1/chat/conversations/.", "/api/v1/chat/conversations/..",
            "/%2e/api/v1/chat/conversations", "/api/v1/x/%2e%2e/chat/conversations",
            "/api/v1/x/.%2E/chat/conversations",
            "/api%2fv1/chat/conversations", "/api%2Fv1/chat/conversations", "/api/v1/chat%5cconversations",
            "/api/v1/chat%5Cconversations", "/api/v1\\chat\\conversations", "\\api\\v1\\chat\\conversations",
            "/api/v1/chat;x=1/conversations", "/api/v1/chat/conversations;x", "/api/v1/chat/conversations;/",
            "/health;/../api/v1/chat/conversations", "/api/v1/chat/conversations%00",
            "/api/v1/chat/conversations%00.css",
            "/api/v1/chat/conversations%0a", "/api/v1/chat/conversations%0d%0aX:1", "/api/v1/chat/conversations%7f",
            "/api/v1/chat/conversations%", "/api/v1/chat/conversations%2", "/api/v1/chat/conversations%zz",
            "/api/v1/chat/conversations%u002f", "/api/v1/chat/conversations#x", "/api/v1/chat/conversations?a=%",
            "/api/v1/chat/conversations?a=%g1", "http://x/api/v1/chat/conversations", "http://x@y/health",
            "https://x:1/health", "api/v1/chat/conversations", "*", "?limit=1", "x:80", "/h\u{E4}lth",
            "/api/v1/chat/conversations\u{200B}", "/api/v1/\u{1}", "/api/v1/chat/conversations\u{7F}",
        ]
        .map { path in .request(path.debugDescription, "GET \(path) HTTP/1.1") }
        + [
            .request("a target of 9 KB", "GET /\(String(repeating: "a", count: 9000)) HTTP/1.1", status: 414),
            .request("a query of 9 KB", "GET /health?\(String(repeating: "a", count: 9000)) HTTP/1.1", status: 414),
            .request("a target of 300 KB", "GET /\(String(repeating: "a", count: 300_000)) HTTP/1.1"),
            .request("CONNECT", "CONNECT x:80 HTTP/1.1"),
            .request("OPTIONS *", "OPTIONS * HTTP/1.1"),
            .request("TRACE", "TRACE /health HTTP/1.1", status: 405),
        ]
}
