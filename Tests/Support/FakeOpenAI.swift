import Foundation

/// Runs `body` with a fake OpenAI on a free port; its URL ends with the `/v1` of the SDKs' base URL.
///
/// Without a script it serves a few of OpenAI's models and replies by ``FakeModelTurn``, streamed or whole, with text,
/// JSON or tool calls.
package func withFakeOpenAI<Result>(_ body: (FakeServer) async throws -> Result) async throws -> Result {
    let models = ["gpt-4o-mini", "gpt-4.1-nano", "gpt-5-nano", "text-embedding-3-small"]
    var scripts: [String: @Sendable (FakeRequest) -> FakeResponse] = [
        "/v1/chat/completions": { FakeOpenAI(models: models).chat($0) },
        "/v1/embeddings": { FakeOpenAI(models: models).embeddings($0) },
        "/v1/models": { _ in .openAIModels(models) },
    ]
    for model in models { scripts["/v1/models/\(model)"] = { _ in .openAI(FakeResponse.openAIModel(model)) } }
    return try await withFakeServer(mainPath: "/v1/chat/completions", scripts: scripts, body)
}

/// The responses of OpenAI to valid and invalid requests.
package struct FakeOpenAI: Sendable {
    let models: [String]

    /// `POST /v1/chat/completions`.
    func chat(_ request: FakeRequest) -> FakeResponse {
        let asked: FakeOpenAIRequest
        do {
            asked = try JSONDecoder().decode(FakeOpenAIRequest.self, from: Data(request.body.utf8))
        } catch {
            return .openAIError(400, "We could not parse the JSON body of your request. (\(error))")
        }
        if let refusal = refusal(model: asked.model) { return refusal }
        guard let messages = asked.messages else { return missing("messages") }
        if let refusal = Self.refusal(of: messages) { return refusal }
        let reply = asked.dialogue(messages).reply
        // OpenAI names the release of the model.
        let chunks = OpenAIChunks(
            model: "\(asked.model ?? "")-2024-07-18",
            includesUsage: asked.stream_options?.include_usage == true,
            alternatives: asked.logprobs == true ? asked.top_logprobs ?? 0 : nil
        )
        let reason = reply.calls.isEmpty ? (reply.isCut ? "length" : "stop") : "tool_calls"
        guard asked.stream == true else { return .openAI(chunks.whole(reply, finishReason: reason)) }
        var all = (reply.calls.isEmpty ? chunks.text(reply) : chunks.calls(reply)) + [chunks.end(reason)]
        if chunks.includesUsage {
            all.append(chunks.usage(prompt: reply.promptTokens, completion: reply.completionTokens))
        }
        return .openAIStream(all)
    }

    private struct EmbeddingsBody: Decodable {
        var model: String?
        var input: FakeOpenAIRequest.Input?
        var dimensions: Int?
        var encoding_format: String?
    }

    /// `POST /v1/embeddings`.
    func embeddings(_ request: FakeRequest) -> FakeResponse {
        let asked: EmbeddingsBody
        do {
            asked = try JSONDecoder().decode(EmbeddingsBody.self, from: Data(request.body.utf8))
        } catch {
            return .openAIError(400, "We could not parse the JSON body of your request. (\(error))")
        }
        if let refusal = refusal(model: asked.model) { return refusal }
        guard let texts = asked.input?.texts else { return missing("input") }
        return .openAIEmbeddings(
            texts.map { Self.vector(of: $0, dimensions: asked.dimensions ?? 1536) },
            asText: asked.encoding_format == "base64",
            model: asked.model ?? "",
            tokens: texts.reduce(0) { $0 + $1.wordCount }
        )
    }

    /// A vector that depends on the text, of numbers that a 32-bit float represents exactly.
    package static func vector(of text: String, dimensions: Int) -> [Float] {
        let bytes = Array(text.utf8)
        return (0..<dimensions).map { index in
            (Float(bytes.isEmpty ? 0 : bytes[index % bytes.count]) + Float(index % 8) - 64) / 1024
        }
    }

    private func refusal(model: String?) -> FakeResponse? {
        guard let model, !model.isEmpty else { return .openAIError(400, "you must provide a model parameter") }
        guard !models.contains(model) else { return nil }
        return .openAIError(
            404,
            "The model `\(model)` does not exist or you do not have access to it.",
            code: "model_not_found"
        )
    }

    private func missing(_ name: String) -> FakeResponse {
        .openAIError(
            400,
            "Missing required parameter: '\(name)'.",
            param: name,
            code: "missing_required_parameter"
        )
    }

    /// OpenAI requires that tool calls and tool messages match.
    private static func refusal(of messages: [FakeOpenAIRequest.Message]) -> FakeResponse? {
        var open: Set<String> = []
        for (index, message) in messages.enumerated() {
            if message.role == "tool" {
                guard let id = message.tool_call_id, open.remove(id) != nil else {
                    return .openAIError(
                        400,
                        "Invalid parameter: messages with role 'tool' must be a response to a preceeding message "
                            + "with 'tool_calls'.",
                        param: "messages.[\(index)].role"
                    )
                }
                continue
            }
            guard open.isEmpty else { break }
            open = Set((message.tool_calls ?? []).map(\.id))
        }
        guard open.isEmpty else {
            return .openAIError(
                400,
                "An assistant message with 'tool_calls' must be followed by tool messages responding to each "
                    + "'tool_call_id'. The following tool_call_ids did not have response messages: "
                    + open.sorted().joined(separator: ", "),
                param: "messages"
            )
        }
        return nil
    }
}
