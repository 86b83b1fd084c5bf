import Foundation

/// The members that all chunks of a response share.
private let openAIStamp = #""created":1795248000,"model":"#

extension FakeResponse {
    /// The head of a response of OpenAI, without the framing of its body.
    private static func openAIHead(_ status: Int, _ type: String, _ headers: [String]) -> [String] {
        [
            "HTTP/1.1 \(status) Whatever", "Date: Sat, 21 Nov 2026 08:00:00 GMT", "Content-Type: \(type)",
            "access-control-expose-headers: X-Request-ID", "openai-organization: user-fake",
            "openai-processing-ms: 312",
            "openai-version: 2020-10-01", "x-request-id: req_0a1b2c3d4e5f60718293a4b5c6d7e8f9",
            "strict-transport-security: max-age=31536000; includeSubDomains; preload",
        ] + headers
    }

    /// A JSON response of OpenAI.
    package static func openAI(_ body: String, status: Int = 200, headers: [String] = []) -> FakeResponse {
        let lines =
            openAIHead(status, "application/json", headers) + ["Content-Length: \(body.utf8.count)", "", ""]
        return FakeResponse(head: lines.joined(separator: "\r\n"), body: body.utf8)
    }

    /// An error response of OpenAI.
    package static func openAIError(
        _ status: Int,
        _ message: String,
        type: String = "invalid_request_error",
        param: String? = nil,
        code: String? = nil,
        headers: [String] = []
    ) -> FakeResponse {
        let error = openAIErrorBody(message, type: type, param: param, code: code, indent: true)
        return openAI(error + "\n", status: status, headers: headers)
    }

    /// `{"error":{…}}`, on several lines as the body of a response, on one line as an event of a stream.
    package static func openAIErrorBody(
        _ message: String,
        type: String,
        param: String? = nil,
        code: String? = nil,
        indent: Bool = false
    ) -> String {
        let members = [
            "\"message\": \(message.inJSON)", "\"type\": \(type.inJSON)", "\"param\": \(param?.inJSON ?? "null")",
            "\"code\": \(code?.inJSON ?? "null")",
        ]
        guard indent else { return "{\"error\":{\(members.joined(separator: ","))}}" }
        return "{\n    \"error\": {\n        \(members.joined(separator: ",\n        "))\n    }\n}"
    }

    /// A stream of these chunks, each in an HTTP chunk of its own, and `[DONE]`.
    package static func openAIStream(_ chunks: [String], isDone: Bool = true, headers: [String] = []) -> FakeResponse {
        let events = (chunks + (isDone ? ["[DONE]"] : [])).map { "data: \($0)\n\n" }
        let lines =
            openAIHead(200, "text/event-stream; charset=utf-8", headers) + ["Transfer-Encoding: chunked", "", ""]
        let body = events.map { "\(String($0.utf8.count, radix: 16))\r\n\($0)\r\n" }.joined() + "0\r\n\r\n"
        return FakeResponse(head: lines.joined(separator: "\r\n"), body: body.utf8)
    }

    /// A stream of a text: the role, one chunk per piece, the end, and optionally the usage.
    package static func openAIStream(
        text pieces: [String],
        model: String = "gpt-4o-mini",
        finishReason: String? = "stop",
        usage: (prompt: Int, completion: Int)? = (19, 10)
    ) -> FakeResponse {
        var reply = FakeModelTurn.Reply(promptTokens: usage?.prompt ?? 0)
        reply.pieces = pieces
        let chunks = OpenAIChunks(model: model, includesUsage: usage != nil)
        var all = chunks.text(reply)
        if let finishReason { all.append(chunks.end(finishReason)) }
        if let usage { all.append(chunks.usage(prompt: usage.prompt, completion: usage.completion)) }
        return openAIStream(all, isDone: finishReason != nil)
    }

    /// The response to `GET /v1/models`.
    package static func openAIModels(_ ids: [String]) -> FakeResponse {
        openAI("{\"object\":\"list\",\"data\":[\(ids.map(openAIModel).joined(separator: ","))]}")
    }

    /// A model in the list of models.
    package static func openAIModel(_ id: String) -> String {
        "{\"id\":\(id.inJSON),\"object\":\"model\",\"created\":1721172741,\"owned_by\":\"system\"}"
    }

    /// The response to `POST /v1/embeddings`.
    package static func openAIEmbeddings(
        _ vectors: [[Float]],
        asText: Bool,
        model: String = "text-embedding-3-small",
        tokens: Int = 8
    ) -> FakeResponse {
        let entries = vectors.enumerated().map { index, vector in
            let value =
                asText
                ? "\"\(vector.littleEndianBase64)\"" : "[\(vector.map { "\($0)" }.joined(separator: ","))]"
            return "{\"object\":\"embedding\",\"index\":\(index),\"embedding\":\(value)}"
        }
        return openAI(
            "{\"object\":\"list\",\"data\":[\(entries.joined(separator: ","))],\"model\":\(model.inJSON),"
                + "\"usage\":{\"prompt_tokens\":\(tokens),\"total_tokens\":\(tokens)}}"
        )
    }
}

extension [Float] {
    /// The vector in base64.
    package var littleEndianBase64: String {
        Data(flatMap { number in Swift.withUnsafeBytes(of: number.bitPattern.littleEndian) { Array<UInt8>($0) } })
            .base64EncodedString()
    }
}

/// The chunks of a streamed response, and the same response without streaming.
package struct OpenAIChunks: Sendable {
    let model: String
    let includesUsage: Bool
    /// Number of alternatives in the log probabilities of each token; `nil` for none.
    let alternatives: Int?

    package init(model: String, includesUsage: Bool, alternatives: Int? = nil) {
        self.model = model
        self.includesUsage = includesUsage
        self.alternatives = alternatives
    }

    /// A chunk; its padding makes all chunks about equally long, so that their length does not reveal the text.
    package func chunk(delta: String, logprobs: String = "null", finishReason: String? = nil) -> String {
        let choice =
            "{\"index\":0,\"delta\":\(delta),\"logprobs\":\(logprobs),\"finish_reason\":\(finishReason?.inJSON ?? "null")}"
        let padding = String("aB3dE6gH9jK2mN5pQ8sT1vW4yZ7".prefix(max(0, 27 - delta.utf8.count)))
        return "{\(beginning),\"choices\":[\(choice)],"
            + (includesUsage ? "\"usage\":null," : "") + "\"obfuscation\":\"\(padding)\"}"
    }

    /// The role, and one chunk per piece.
    package func text(_ reply: FakeModelTurn.Reply) -> [String] {
        [chunk(delta: #"{"role":"assistant","content":"","refusal":null}"#)]
            + reply.pieces.map { chunk(delta: "{\"content\":\($0.inJSON)}", logprobs: logprobs([$0])) }
    }

    /// The role, and each call: its name first, then its arguments in fragments.
    package func calls(_ reply: FakeModelTurn.Reply) -> [String] {
        var chunks = [chunk(delta: #"{"role":"assistant","content":null}"#)]
        for (index, call) in reply.calls.enumerated() {
            chunks.append(
                chunk(
                    delta:
                        "{\"tool_calls\":[{\"index\":\(index),\"id\":\"\(Self.callID(index))\",\"type\":\"function\","
                        + "\"function\":{\"name\":\(call.name.inJSON),\"arguments\":\"\"}}]}"
                )
            )
            var rest = call.arguments[...]
            while !rest.isEmpty {
                let piece = String(rest.prefix(5))
                rest = rest.dropFirst(5)
                chunks.append(
                    chunk(
                        delta: "{\"tool_calls\":[{\"index\":\(index),\"function\":{\"arguments\":\(piece.inJSON)}}]}"
                    )
                )
            }
        }
        return chunks
    }

    package func end(_ reason: String) -> String { chunk(delta: "{}", finishReason: reason) }

    /// The chunk without a choice.
    package func usage(prompt: Int, completion: Int) -> String {
        "{\(beginning),\"choices\":[],\"usage\":\(Self.usageObject(prompt, completion)),\"obfuscation\":\"\"}"
    }

    /// `chat.completion`.
    package func whole(_ reply: FakeModelTurn.Reply, finishReason: String) -> String {
        let calls = reply.calls.enumerated().map { index, call in
            "{\"id\":\"\(Self.callID(index))\",\"type\":\"function\",\"function\":{\"name\":\(call.name.inJSON),"
                + "\"arguments\":\(call.arguments.inJSON)}}"
        }
        let said =
            calls.isEmpty
            ? "\"content\":\(reply.text.inJSON)" : "\"content\":null,\"tool_calls\":[\(calls.joined(separator: ","))]"
        return """
            {"id":"chatcmpl-D3xFakeFakeFakeFakeFakeFakeFa","object":"chat.completion",\(openAIStamp)\(model.inJSON),\
            "choices":[{"index":0,"message":{"role":"assistant",\(said),"refusal":null,"annotations":[]},\
            "logprobs":\(logprobs(reply.pieces)),"finish_reason":\(finishReason.inJSON)}],\
            "usage":\(Self.usageObject(reply.promptTokens, reply.completionTokens)),\
            "service_tier":"default","system_fingerprint":null}
            """
    }

    private var beginning: String {
        "\"id\":\"chatcmpl-D3xFakeFakeFakeFakeFakeFakeFa\",\"object\":\"chat.completion.chunk\",\(openAIStamp)"
            + "\(model.inJSON),\"service_tier\":\"default\",\"system_fingerprint\":null"
    }

    private static func callID(_ index: Int) -> String { "call_fAkE\(index)kDlS0c5bDqT3vXyZ7a" }

    private static func usageObject(_ prompt: Int, _ completion: Int) -> String {
        "{\"prompt_tokens\":\(prompt),\"completion_tokens\":\(completion),\"total_tokens\":\(prompt + completion),"
            + #""prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},"completion_tokens_details":"#
            + #"{"reasoning_tokens":0,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}"#
    }

    private func logprobs(_ pieces: [String]) -> String {
        guard let alternatives else { return "null" }
        let tokens = pieces.map { piece in
            let bytes = piece.utf8.map(String.init).joined(separator: ",")
            let token = "\"token\":\(piece.inJSON),\"logprob\":-0.25,\"bytes\":[\(bytes)]"
            let others = Array(repeating: "{\(token)}", count: alternatives)
            return "{\(token),\"top_logprobs\":[\(others.joined(separator: ","))]}"
        }
        return "{\"content\":[\(tokens.joined(separator: ","))],\"refusal\":null}"
    }
}

extension FakeResponse {
    /// A stream of one call of a function.
    package static func openAIStream(
        call name: String,
        _ arguments: String,
        text: String? = nil,
        model: String = "gpt-4o-mini"
    ) -> FakeResponse {
        var reply = FakeModelTurn.Reply(promptTokens: 19)
        reply.calls = [FakeModelTurn.Call(name: name, arguments: arguments)]
        let chunks = OpenAIChunks(model: model, includesUsage: true)
        let before = text.map { [chunks.chunk(delta: "{\"content\":\($0.inJSON)}")] } ?? []
        return openAIStream(
            before + chunks.calls(reply) + [chunks.end("tool_calls"), chunks.usage(prompt: 19, completion: 10)]
        )
    }
}
