import Contracts
import ContractsJSON
import JSON
import NIOCore

/// Encodes an answer as `chat.completion`.
struct ChatCompletion {
    private let answer: Inference.Answer
    private let id: String
    private let created: Int64

    init(_ answer: Inference.Answer, id: String = ChatCompletionID.new(), now: Timestamp = .now()) {
        self.answer = answer
        self.id = id
        created = now.microseconds / 1_000_000
    }

    func encoded() -> JSONWriter {
        var json = JSONWriter()
        json.object { json in
            json.field("id", id)
            json.field("object", "chat.completion")
            json.field("created", Int(created))
            json.field("model", answer.finish.model)
            json.objects("choices", [answer]) { json, answer in
                json.field("index", 0)
                json.object("message") { write(answer, to: &$0) }
                if let logprobs = answer.logprobs {
                    json.object("logprobs") { json in
                        json.field("content", logprobs)
                        json.null("refusal")
                    }
                } else {
                    json.null("logprobs")
                }
                json.field("finish_reason", answer.finish.reason.rawValue)
                if let verdict = answer.finish.format { json.value("format_verdict") { $0.verdict(verdict) } }
            }
            if let usage = answer.finish.usage { json.usage(usage) }
        }
        return json
    }

    private func write(_ answer: Inference.Answer, to json: inout JSONWriter) {
        json.field("role", "assistant")
        let hasOther = answer.toolCalls != nil || answer.refusal != nil
        json.field("content", answer.text ?? (hasOther ? nil : ""))
        json.field("refusal", answer.refusal)
        if let reasoning = answer.reasoning { json.field("reasoning_content", reasoning) }
        if let calls = answer.toolCalls { json.array("tool_calls", calls) { $1.write(to: &$0) } }
        if let metadata = answer.extraContent { json.field("extra_content", metadata) }
    }
}

extension Inference.Answer {
    /// What the provider needs if a client sends the answer back.
    fileprivate var extraContent: RawJSON? {
        AnswerMetadata.extraContent(of: finish, parts: parts)
    }
}

extension JSONWriter {
    /// Writes whether an answer has the requested format.
    mutating func verdict(_ verdict: Inference.FormatVerdict) {
        object { json in
            json.field("valid", verdict.isValid)
            if let reason = verdict.reason { json.field("reason", reason) }
        }
    }

    /// Writes `usage` in OpenAI's format.
    mutating func usage(_ usage: Usage) {
        object("usage") { json in
            json.field("prompt_tokens", usage.promptTokens)
            json.field("completion_tokens", usage.completionTokens)
            json.field("total_tokens", usage.promptTokens + usage.completionTokens)
            if let cached = usage.cachedTokens {
                json.object("prompt_tokens_details") { $0.field("cached_tokens", cached) }
            }
            if let reasoning = usage.reasoningTokens {
                json.object("completion_tokens_details") { $0.field("reasoning_tokens", reasoning) }
            }
            if usage.isEstimated { json.field("estimated", true) }
        }
    }
}
