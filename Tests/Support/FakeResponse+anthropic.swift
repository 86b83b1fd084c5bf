extension FakeResponse {
    private static let anthropicHeaders = [
        "Date: Sat, 21 Nov 2026 08:00:00 GMT", "request-id: req_011FakeFakeFakeFakeFake",
        "anthropic-ratelimit-requests-limit: 50", "anthropic-ratelimit-requests-remaining: 49",
        "anthropic-organization-id: 00000000-0000-0000-0000-000000000000", "Server: cloudflare",
    ]

    /// A stream of events, each in an HTTP chunk of its own.
    package static func anthropicStream(_ events: [FakeAnthropicEvent]) -> FakeResponse {
        anthropicStream(frames: events.map(\.frame))
    }

    /// A stream of these frames, each in an HTTP chunk of its own.
    package static func anthropicStream(frames: [String]) -> FakeResponse {
        let lines =
            ["HTTP/1.1 200 OK", "Content-Type: text/event-stream; charset=utf-8", "Cache-Control: no-cache"]
            + anthropicHeaders + ["Transfer-Encoding: chunked", "", ""]
        let body = frames.map { "\(String($0.utf8.count, radix: 16))\r\n\($0)\r\n" }.joined() + "0\r\n\r\n"
        return FakeResponse(head: lines.joined(separator: "\r\n"), body: body.utf8)
    }

    /// A whole message.
    package static func anthropicMessage(_ body: String, status: Int = 200, headers: [String] = []) -> FakeResponse {
        let lines =
            ["HTTP/1.1 \(status) Whatever", "Content-Type: application/json"] + anthropicHeaders + headers
            + ["Content-Length: \(body.utf8.count)", "", ""]
        return FakeResponse(head: lines.joined(separator: "\r\n"), body: body.utf8)
    }

    /// An error response of Anthropic.
    package static func anthropicError(
        _ status: Int,
        _ type: String,
        _ message: String,
        headers: [String] = []
    ) -> FakeResponse {
        anthropicMessage(
            "{\"type\":\"error\",\"error\":{\"type\":\"\(type)\",\"message\":\(message.inJSON)},"
                + "\"request_id\":\"req_011FakeFakeFakeFakeFake\"}",
            status: status,
            headers: headers
        )
    }
}
