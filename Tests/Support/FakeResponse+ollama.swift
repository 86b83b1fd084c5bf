import Foundation

extension FakeResponse {
    /// A stream of a chat: one line per piece, and the line that ends it.
    package static func chat(
        _ pieces: [String],
        model: String = "llama3.2:latest",
        doneReason: String? = "stop",
        promptTokens: Int? = 26,
        completionTokens: Int? = 8
    ) -> FakeResponse {
        chat(lines: chatLines(pieces, model: model, doneReason, promptTokens, completionTokens))
    }

    /// A stream of these lines, each in an HTTP chunk of its own.
    package static func chat(lines: [String], contentType: String = "application/x-ndjson") -> FakeResponse {
        let chunks = lines.map { line in "\(String(line.utf8.count + 1, radix: 16))\r\n\(line)\n\r\n" }
        return FakeResponse(
            head: """
                HTTP/1.1 200 OK\r
                Content-Type: \(contentType)\r
                Date: Sat, 21 Nov 2026 08:00:00 GMT\r
                Transfer-Encoding: chunked\r
                \r

                """,
            body: (chunks.joined() + "0\r\n\r\n").utf8
        )
    }

    /// The lines of a chat; without the last one if `doneReason` is `nil`.
    package static func chatLines(
        _ pieces: [String],
        model: String = "llama3.2:latest",
        _ doneReason: String? = "stop",
        _ promptTokens: Int? = 26,
        _ completionTokens: Int? = 8
    ) -> [String] {
        let stamp = #""created_at":"2026-11-21T08:00:00.123456789Z""#
        let begin = "{\"model\":\(quoted(model)),\(stamp),\"message\":{\"role\":\"assistant\",\"content\":"
        var lines = pieces.map { "\(begin)\(quoted($0))},\"done\":false}" }
        guard let doneReason else { return lines }
        let counts =
            (promptTokens.map { ",\"prompt_eval_count\":\($0),\"prompt_eval_duration\":130079000" } ?? "")
            + (completionTokens.map { ",\"eval_count\":\($0),\"eval_duration\":4709213000" } ?? "")
        lines.append(
            "\(begin)\"\"},\"done_reason\":\"\(doneReason)\",\"done\":true,"
                + "\"total_duration\":4883583458,\"load_duration\":1334875\(counts)}"
        )
        return lines
    }

    /// A JSON response.
    package static func json(_ status: Int = 200, _ body: String, headers: [String] = []) -> FakeResponse {
        let lines =
            ["HTTP/1.1 \(status) Whatever", "Content-Type: application/json; charset=utf-8"]
            + headers + ["Content-Length: \(body.utf8.count)", "", ""]
        return FakeResponse(head: lines.joined(separator: "\r\n"), body: body.utf8)
    }

    /// An error response of Ollama.
    package static func error(_ status: Int, _ message: String, headers: [String] = []) -> FakeResponse {
        json(status, "{\"error\":\(quoted(message))}", headers: headers)
    }

    /// Any bytes, after which the connection is closed.
    package static func raw(_ text: String) -> FakeResponse {
        FakeResponse(head: "", body: text.utf8).ending(.close)
    }

    /// The response to `GET /api/tags`.
    package static func tags(_ models: [String]) -> FakeResponse {
        json(200, "{\"models\":[\(models.map { tag($0, capabilities: nil) }.joined(separator: ","))]}")
    }

    /// A line of a chat with these members of its message, such as `"content":"","thinking":"Hm"`.
    package static func chatLine(_ members: String, model: String = "llama3.2:latest", more: String = "") -> String {
        "{\"model\":\(quoted(model)),\"created_at\":\"2026-11-21T08:00:00.123456789Z\","
            + "\"message\":{\"role\":\"assistant\",\(members)},\"done\":false\(more)}"
    }

    /// A line with a piece of thinking.
    package static func thought(_ text: String) -> String {
        chatLine("\"content\":\"\",\"thinking\":\(quoted(text))")
    }

    /// A line with tool calls, each as JSON.
    package static func toolCalls(_ calls: String...) -> String {
        chatLine("\"content\":\"\",\"tool_calls\":[\(calls.joined(separator: ","))]")
    }

    /// A tool call; the arguments are a JSON object.
    package static func toolCall(_ name: String, _ arguments: String, index: Int? = 0, id: String? = nil) -> String {
        let start = id.map { "\"id\":\(quoted($0))," } ?? ""
        let place = index.map { "\"index\":\($0)," } ?? ""
        return "{\(start)\"function\":{\(place)\"name\":\(quoted(name)),\"arguments\":\(arguments)}}"
    }

    /// A text as a JSON string.
    static func quoted(_ text: String) -> String {
        do {
            return String(decoding: try JSONEncoder().encode(text), as: UTF8.self)
        } catch {
            return "\"\""
        }
    }
}
