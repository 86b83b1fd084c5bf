import Contracts

/// Decides which reported numbers of tokens are believed: a pure function of the numbers and the sizes of the texts.
enum UsagePlausibility {
    /// Tokens for one byte, at most: attachments and hidden reasoning have more tokens than bytes are known.
    private static let tokensPerByte = 64
    /// Tokens that may be there without a text: films in a prompt, hidden reasoning in an answer.
    private static let hiddenPromptTokens = 4_000_000
    private static let hiddenCompletionTokens = 1_000_000

    /// Returns the reported usage, with an estimate in place of each number that is impossible.
    ///
    /// Impossible are 0 beside a text, negative numbers, and numbers beyond any model.
    /// - Parameters:
    ///   - reported: the usage that the provider reports; 0 stands for a missing number.
    ///   - promptBytes: the size of the prompt.
    ///   - completionBytes: the size of all that the model generated.
    /// - Returns: the usage to count.
    static func usage(_ reported: Usage?, promptBytes: Int, completionBytes: Int) -> Usage {
        let prompt = TokenEstimate.tokens(inBytes: promptBytes)
        let completion = TokenEstimate.tokens(inAnswerOf: completionBytes)
        guard var usage = reported else {
            return Usage(promptTokens: prompt, completionTokens: completion, isEstimated: true)
        }
        if !isPossible(usage.promptTokens, promptBytes, hiddenPromptTokens) {
            (usage.promptTokens, usage.cachedTokens, usage.isEstimated) = (prompt, nil, true)
        }
        if !isPossible(usage.completionTokens, completionBytes, hiddenCompletionTokens) {
            (usage.completionTokens, usage.reasoningTokens, usage.isEstimated) = (completion, nil, true)
        }
        return usage
    }

    private static func isPossible(_ tokens: Int, _ bytes: Int, _ hidden: Int) -> Bool {
        (bytes > 0 ? 1 : 0)...(hidden + tokensPerByte * min(max(0, bytes), 1 << 40)) ~= tokens
    }
}
