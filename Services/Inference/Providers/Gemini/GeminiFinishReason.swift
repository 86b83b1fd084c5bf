import Contracts

/// The meaning of Gemini's finish reasons.
enum GeminiFinishReason: Equatable {
    /// The answer is complete; `refusal` explains why it is not the requested one.
    case finish(Inference.Finish.Reason, refusal: String? = nil)
    /// The model's output is invalid; a retry may succeed.
    case modelError(String)
    /// The request is invalid.
    case rejected(String)

    /// Interprets `finishReason` of a candidate, and Gemini's message about it.
    init(finishReason reason: String, message: String?, _ faults: ProviderFaults) {
        let said = Self.suffix(message, faults)
        self =
            switch reason {
            case "STOP": .finish(.stop)
            case "MAX_TOKENS", "CONTINUATION": .finish(.length)
            case "MALFORMED_FUNCTION_CALL":
                .modelError("The model called a tool with invalid JSON (\(reason))\(said)")
            case "UNEXPECTED_TOOL_CALL":
                .modelError("The model called an unknown tool (\(reason))\(said)")
            case "TOO_MANY_TOOL_CALLS":
                .modelError("The model called too many tools (\(reason))\(said)")
            case "MALFORMED_RESPONSE":
                .modelError("The model wrote an invalid answer (\(reason))\(said)")
            case "MISSING_THOUGHT_SIGNATURE":
                .rejected("A tool call in the messages has no thought signature (\(reason))\(said)")
            // An unknown reason is treated like a content filter: the answer is not complete.
            default:
                .finish(.contentFilter, refusal: "Gemini ended its answer for the reason \(Self.word(reason))\(said)")
            }
    }

    /// Interprets `blockReason` of a prompt, and Gemini's message about it.
    init(blockReason reason: String, message: String?, _ faults: ProviderFaults) {
        self = .finish(
            .contentFilter,
            refusal:
                "Gemini does not answer these messages for the reason \(Self.word(reason))\(Self.suffix(message, faults))"
        )
    }

    private static func suffix(_ message: String?, _ faults: ProviderFaults) -> String {
        message.map { ": \(faults.publicText($0))" } ?? "."
    }

    /// An unchecked reason, reduced to a short word.
    private static func word(_ reason: String) -> String {
        String(reason.prefix(64).filter { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") })
    }
}
