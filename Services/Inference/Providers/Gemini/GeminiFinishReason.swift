import Contracts

/// What the reasons mean for which Gemini ends an answer.
enum GeminiFinishReason: Equatable {
    /// The answer is done; `refusal` says why it is not all that was asked for.
    case finish(Inference.Finish.Reason, refusal: String? = nil)
    /// The model wrote what nobody can use; another try may go well.
    case fluke(String)
    /// The request is at fault.
    case rejected(String)

    /// - Parameters:
    ///   - reason: `finishReason` as Gemini says it.
    ///   - message: what Gemini says of it.
    init(finishReason reason: String, message: String?) {
        let said = Self.said(message)
        self =
            switch reason {
            case "STOP": .finish(.stop)
            case "MAX_TOKENS", "CONTINUATION": .finish(.length)
            case "MALFORMED_FUNCTION_CALL":
                .fluke("The model wrote a call of a tool that cannot be read (\(reason))\(said)")
            case "UNEXPECTED_TOOL_CALL":
                .fluke("The model called a tool that it was not given (\(reason))\(said)")
            case "TOO_MANY_TOOL_CALLS":
                .fluke("The model called tools without end (\(reason))\(said)")
            case "MALFORMED_RESPONSE":
                .fluke("The model wrote an answer that cannot be read (\(reason))\(said)")
            case "MISSING_THOUGHT_SIGNATURE":
                .rejected("A call of a tool in the messages lacks the signature of its thoughts (\(reason))\(said)")
            // A reason that is new is taken for one of those for which an answer is withheld: it is no proper end.
            default:
                .finish(.contentFilter, refusal: "Gemini ended its answer for the reason \(Self.word(reason))\(said)")
            }
    }

    /// - Parameters:
    ///   - reason: `blockReason` of the prompt as Gemini says it.
    ///   - message: what Gemini says of it.
    init(blockReason reason: String, message: String?) {
        self = .finish(
            .contentFilter,
            refusal: "Gemini does not answer these messages for the reason \(Self.word(reason))\(Self.said(message))"
        )
    }

    private static func said(_ message: String?) -> String {
        message.map { ": \(ProviderFaults.sentence($0))" } ?? "."
    }

    /// A reason that nobody has checked, short enough and plain enough to be told.
    private static func word(_ reason: String) -> String {
        String(reason.prefix(64).filter { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") })
    }
}
