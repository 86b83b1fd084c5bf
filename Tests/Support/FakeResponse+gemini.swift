import Foundation

extension FakeResponse {
    /// The usage of the responses below, in tokens.
    package static let geminiUsage = #"{"promptTokenCount": 12,"candidatesTokenCount": 7,"totalTokenCount": 19}"#

    /// A stream of a text: one chunk per piece, of which the last has the finish reason.
    package static func gemini(
        _ pieces: [String],
        finishReason: String? = "STOP",
        usage: String? = geminiUsage
    ) -> FakeResponse {
        gemini(chunks: geminiChunks(pieces, finishReason: finishReason, usage: usage))
    }

    /// Server-sent events of these chunks, each in an HTTP chunk of its own.
    package static func gemini(chunks: [String]) -> FakeResponse {
        gemini(body: chunks.map { "data: \($0)\r\n\r\n" }, type: "text/event-stream")
    }

    /// A stream without `alt=sse`: one array, one line per chunk.
    package static func geminiArray(chunks: [String]) -> FakeResponse {
        var pieces = chunks.enumerated().map { ($0 == 0 ? "[" : ",\r\n") + $1 }
        pieces.append("\n]\n")
        return gemini(body: pieces, type: "application/json; charset=UTF-8")
    }

    /// A chunked body, with the headers of Google's servers.
    package static func gemini(body pieces: [String], type: String) -> FakeResponse {
        let chunks = pieces.map { "\(String($0.utf8.count, radix: 16))\r\n\($0)\r\n" }
        return FakeResponse(
            head: """
                HTTP/1.1 200 OK\r
                Content-Type: \(type)\r
                Content-Disposition: attachment\r
                Vary: Origin\r
                Vary: X-Origin\r
                Vary: Referer\r
                Date: Sat, 21 Nov 2026 08:00:00 GMT\r
                Server: scaffolding on HTTPServer2\r
                X-XSS-Protection: 0\r
                X-Frame-Options: SAMEORIGIN\r
                X-Content-Type-Options: nosniff\r
                Server-Timing: gfet4t7; dur=312\r
                Transfer-Encoding: chunked\r
                \r

                """,
            body: (chunks.joined() + "0\r\n\r\n").utf8
        )
    }

    /// The chunks of a text; without a finish reason if `finishReason` is `nil`.
    package static func geminiChunks(
        _ pieces: [String],
        finishReason: String? = "STOP",
        usage: String? = geminiUsage
    ) -> [String] {
        pieces.enumerated().map { index, piece in
            let isLast = index == pieces.count - 1
            return geminiChunk(
                parts: ["{\"text\": \(jsonText(piece))}"],
                finishReason: isLast ? finishReason : nil,
                usage: usage.map { isLast ? $0 : #"{"promptTokenCount": 12,"totalTokenCount": 12}"# }
            )
        }
    }

    /// A chunk of these parts, which are JSON.
    package static func geminiChunk(
        parts: [String],
        finishReason: String? = nil,
        usage: String? = nil,
        model: String = "gemini-2.5-flash"
    ) -> String {
        let content =
            parts.isEmpty ? "" : "\"content\": {\"parts\": [\(parts.joined(separator: ","))],\"role\": \"model\"},"
        let reason = finishReason.map { "\"finishReason\": \"\($0)\"," } ?? ""
        let usage = usage.map { "\"usageMetadata\": \($0)," } ?? ""
        return "{\"candidates\": [{\(content)\(reason)\"index\": 0}],\(usage)\"modelVersion\": \"\(model)\","
            + "\"responseId\": \"mBYgaeyVDfCZ1PIP4-CpuQE\"}"
    }

    /// An error response of Google on several lines, optionally in an array.
    package static func geminiError(
        _ code: Int,
        _ status: String,
        _ message: String,
        details: String? = nil,
        isArray: Bool = false,
        headers: [String] = []
    ) -> FakeResponse {
        let text = geminiErrorText(code, status, message, details: details)
        return json(code, isArray ? "[\(text)]" : text, headers: headers)
    }

    /// The body of an error response.
    package static func geminiErrorText(
        _ code: Int,
        _ status: String,
        _ message: String,
        details: String? = nil
    ) -> String {
        """
        {
          "error": {
            "code": \(code),
            "message": \(jsonText(message)),
            "status": "\(status)"\(details.map { ",\n    \"details\": \($0)" } ?? "")
          }
        }

        """
    }

    /// A text as a JSON string.
    static func jsonText(_ text: String) -> String {
        do {
            let encoder = JSONEncoder()
            encoder.outputFormatting = .withoutEscapingSlashes
            return String(decoding: try encoder.encode(text), as: UTF8.self)
        } catch {
            return "\"\""
        }
    }
}
