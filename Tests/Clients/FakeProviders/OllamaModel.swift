import Foundation
import TestSupport

/// Answers with the text of the request, streamed or complete, as text, JSON or tool calls.
enum OllamaModel {
    private static let stamp = #""created_at":"2026-11-21T08:00:00.123456789Z""#

    /// The answer to a chat request; `nil` for other requests.
    static func answer(_ request: FakeRequest) -> FakeResponse? {
        guard request.path == "/api/chat" else { return nil }
        let asked: OllamaRequest
        do {
            asked = try JSONDecoder().decode(OllamaRequest.self, from: Data(request.body.utf8))
        } catch {
            return .error(400, "\(error)")
        }
        let reply = asked.dialogue.reply
        let alternatives = asked.logprobs == true ? asked.top_logprobs ?? 0 : nil
        let calls = reply.calls.enumerated().map { index, call in
            "{\"id\":\"call_\(index)fakefake\",\"function\":{\"index\":\(index),\"name\":\(call.name.inJSON),"
                + "\"arguments\":\(call.arguments)}}"
        }
        let toolCalls = calls.isEmpty ? nil : "\"tool_calls\":[\(calls.joined(separator: ","))]"
        guard asked.stream == false else {
            let lines = reply.pieces.map { line(asked.model, $0, extra: nil, logprobs([$0], alternatives)) }
            let called = toolCalls.map { [line(asked.model, "", extra: $0, nil)] } ?? []
            return .chat(lines: lines + called + [line(asked.model, "", extra: nil, nil, end: reply)])
        }
        return .json(
            200,
            line(asked.model, reply.text, extra: toolCalls, logprobs(reply.pieces, alternatives), end: reply)
        )
    }

    /// Returns one line of a stream, or a complete answer.
    ///
    /// With `end` it is the last line, which contains the usage.
    private static func line(
        _ model: String,
        _ text: String,
        extra: String?,
        _ logprobs: String?,
        end reply: FakeModelTurn.Reply? = nil
    ) -> String {
        let message = "{\"role\":\"assistant\",\"content\":\(text.inJSON)\(extra.map { ",\($0)" } ?? "")}"
        let begin = "{\"model\":\(model.inJSON),\(stamp),\"message\":\(message)"
        let probabilities = logprobs.map { ",\"logprobs\":\($0)" } ?? ""
        guard let reply else { return "\(begin),\"done\":false\(probabilities)}" }
        return "\(begin),\"done\":true,\"done_reason\":\"\(reply.isCut ? "length" : "stop")\","
            + "\"total_duration\":4883583458,\"load_duration\":1334875,\"prompt_eval_count\":\(reply.promptTokens),"
            + "\"prompt_eval_duration\":130079000,\"eval_count\":\(reply.completionTokens),"
            + "\"eval_duration\":4709213000\(probabilities)}"
    }

    private static func logprobs(_ pieces: [String], _ alternatives: Int?) -> String? {
        guard let alternatives else { return nil }
        let tokens = pieces.map { piece in
            let bytes = piece.utf8.map(String.init).joined(separator: ",")
            let token = "\"token\":\(piece.inJSON),\"logprob\":-0.25,\"bytes\":[\(bytes)]"
            let others = Array(repeating: "{\(token)}", count: alternatives).joined(separator: ",")
            return alternatives == 0 ? "{\(token)}" : "{\(token),\"top_logprobs\":[\(others)]}"
        }
        return "[\(tokens.joined(separator: ","))]"
    }
}
