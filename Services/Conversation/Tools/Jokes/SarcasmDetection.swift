import Contracts

/// Rates how sarcastic a quote is; its result is the answer.
struct SarcasmDetection: Tool {
    private static let scores = 0.0...9.0

    let declaration = ToolDeclaration(
        name: "SarcasmDetection",
        aliases: ["sarcasm_detection", "detect_sarcasm"],
        description: "Call this to tell the user how sarcastic a text is. The result is shown to the user.",
        parameters: [
            .init(name: "quote", type: .string, description: "The words that were rated.", isRequired: true),
            .init(
                name: "score",
                type: .integer,
                description: "How sarcastic the words are, from 0 for sincere to 9 for nothing but sarcasm.",
                isRequired: true
            ),
        ]
    )

    func run(_ arguments: ToolArguments, _ use: ToolUse) async throws -> ToolResult {
        let quote = try arguments.words("quote")
        guard let score = arguments.number("score"), Self.scores.contains(score), let number = Int(exactly: score)
        else {
            throw Fault(.invalid, "`score` must be an integer from 0 to 9.")
        }
        let verdict =
            switch number {
            case 0...2: "sincere"
            case 3...4: "hardly sarcastic"
            case 5...6: "rather sarcastic"
            default: "very sarcastic"
            }
        let quoted = quote.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map { "> \($0)" }
        return ToolResult(
            text: "\(quoted.joined(separator: "\n"))\n\n**Sarcasm: \(number) of 9**, \(verdict).",
            isAnswer: true
        )
    }
}
