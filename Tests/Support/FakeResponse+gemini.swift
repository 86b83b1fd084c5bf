import Foundation

extension FakeResponse {
    /// How many tokens the answers below say that they took.
    package static let geminiUsage = #"{"promptTokenCount": 12,"candidatesTokenCount": 7,"totalTokenCount": 19}"#

    /// Gemini's stream of a text: a chunk a piece, of which the last says why the model stopped.
    package static func gemini(
        _ pieces: [String],
        finishReason: String? = "STOP",
        usage: String? = geminiUsage
    ) -> FakeResponse {
        gemini(chunks: geminiChunks(pieces, finishReason: finishReason, usage: usage))
    }

    /// Server-sent events of these chunks, each in a chunk of HTTP of its own.
    package static func gemini(chunks: [String]) -> FakeResponse {
        gemini(body: chunks.map { "data: \($0)\r\n\r\n" }, type: "text/event-stream")
    }

    /// What is streamed without `alt=sse`: one array, a chunk a line of it.
    package static func geminiArray(chunks: [String]) -> FakeResponse {
        var pieces = chunks.enumerated().map { ($0 == 0 ? "[" : ",\r\n") + $1 }
        pieces.append("\n]\n")
        return gemini(body: pieces, type: "application/json; charset=UTF-8")
    }

    /// A body in pieces, with the headers that Google's servers send.
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

    /// The chunks of a text as Gemini writes them; none says why the model stopped when `finishReason` is absent.
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

    /// One chunk of these parts, which are JSON.
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

    /// An error as Google says it, over several lines; at times in an array.
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

    /// The body of such an error.
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
