import Foundation
import TestSupport

/// Answers with the text of the request, as text, JSON or tool calls.
enum GeminiModel {
    private static let signature = "CiQBcsjafNPr7hUn2XqO1v3tTqB9Zg+c0Yw4k8b5lTz/aFsKZAFyyNp8v2k="

    /// The answer to a generation request; `nil` for other requests.
    static func answer(_ request: FakeRequest) -> FakeResponse? {
        let words = (request.path.split(separator: "/").last ?? "").split(separator: ":")
        guard words.count == 2, words[1].hasSuffix("enerateContent") else { return nil }
        let model = String(words[0])
        let reply: FakeModelTurn.Reply
        do {
            reply = try JSONDecoder().decode(GeminiRequest.self, from: Data(request.body.utf8))
                .dialogue(model: model).reply
        } catch {
            return .geminiError(400, "INVALID_ARGUMENT", "\(error)")
        }
        let usage =
            "{\"promptTokenCount\": \(reply.promptTokens),\"candidatesTokenCount\": \(reply.completionTokens),"
            + "\"totalTokenCount\": \(reply.promptTokens + reply.completionTokens)}"
        let reason = reply.isCut ? "MAX_TOKENS" : "STOP"
        guard words[1] == "streamGenerateContent" else {
            let parts = reply.calls.isEmpty ? ["{\"text\": \(reply.text.inJSON)}"] : calls(reply)
            return .json(
                200,
                FakeResponse.geminiChunk(parts: parts, finishReason: reason, usage: usage, model: model) + "\n"
            )
        }
        guard reply.calls.isEmpty else {
            return .gemini(chunks: [
                FakeResponse.geminiChunk(parts: calls(reply), finishReason: reason, usage: usage, model: model)
            ])
        }
        return .gemini(chunks: FakeResponse.geminiChunks(reply.pieces, finishReason: reason, usage: usage))
    }

    /// Only the first of several calls has a signature.
    private static func calls(_ reply: FakeModelTurn.Reply) -> [String] {
        reply.calls.enumerated().map { index, call in
            "{\"functionCall\": {\"name\": \(call.name.inJSON),\"args\": \(call.arguments)}"
                + (index == 0 ? ",\"thoughtSignature\": \"\(signature)\"}" : "}")
        }
    }
}
