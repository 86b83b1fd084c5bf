import Foundation

extension FakeAnswer {
    /// Ollama's stream of a chat: a line a piece, and the line that says it is done.
    package static func chat(
        _ pieces: [String],
        model: String = "llama3.2:latest",
        doneReason: String? = "stop",
        promptTokens: Int? = 26,
        completionTokens: Int? = 8
    ) -> FakeAnswer {
        chat(lines: chatLines(pieces, model: model, doneReason, promptTokens, completionTokens))
    }

    /// A stream of these lines, each in a chunk of its own.
    package static func chat(lines: [String], contentType: String = "application/x-ndjson") -> FakeAnswer {
        let chunks = lines.map { line in "\(String(line.utf8.count + 1, radix: 16))\r\n\(line)\n\r\n" }
        return FakeAnswer(
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

    /// The lines of a chat as Ollama writes them; without the last one when `doneReason` is absent.
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

    /// A JSON answer with a length.
    package static func json(_ status: Int = 200, _ body: String, headers: [String] = []) -> FakeAnswer {
        let lines =
            ["HTTP/1.1 \(status) Whatever", "Content-Type: application/json; charset=utf-8"]
            + headers + ["Content-Length: \(body.utf8.count)", "", ""]
        return FakeAnswer(head: lines.joined(separator: "\r\n"), body: body.utf8)
    }

    /// An error as Ollama says it.
    package static func error(_ status: Int, _ message: String, headers: [String] = []) -> FakeAnswer {
        json(status, "{\"error\":\(quoted(message))}", headers: headers)
    }

    /// Bytes that need not be HTTP at all; the connection is closed after them.
    package static func raw(_ text: String) -> FakeAnswer {
        FakeAnswer(head: "", body: text.utf8).ending(.close)
    }

    /// What `GET /api/tags` answers.
    package static func tags(_ models: [String]) -> FakeAnswer {
        let entries = models.map { name in
            """
            {"name":\(quoted(name)),"model":\(quoted(name)),"modified_at":"2026-11-01T10:00:00Z","size":2019393189,\
            "digest":"a80c4f17acd55265feec403c7aef86be0c25983ab279d83f3bcd3abbcb5b8b72","details":{"parent_model":"",\
            "format":"gguf","family":"llama","families":["llama"],"parameter_size":"3.2B","quantization_level":"Q4_K_M"}}
            """
        }
        return json(200, "{\"models\":[\(entries.joined(separator: ","))]}")
    }

    /// What `POST /api/show` answers for a model with that window.
    package static func show(window: Int) -> FakeAnswer {
        json(
            200,
            """
            {"modelfile":"FROM x","template":"{{ .Prompt }}","details":{"family":"llama"},"model_info":\
            {"general.architecture":"llama","general.parameter_count":3212749888,"llama.context_length":\(window),\
            "tokenizer.ggml.tokens":null},"capabilities":["completion","tools"]}
            """
        )
    }

    /// A text as a JSON string.
    private static func quoted(_ text: String) -> String {
        do {
            return String(decoding: try JSONEncoder().encode(text), as: UTF8.self)
        } catch {
            return "\"\""
        }
    }
}
