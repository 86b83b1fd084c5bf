/// Explains a joke by its parts; its result is the answer.
struct JokeExplanation: Tool {
    let declaration = ToolDeclaration(
        name: "JokeExplanation",
        aliases: ["joke_explanation", "explain_joke"],
        description: "Call this to explain to the user why a joke is funny. The result is shown to the user.",
        parameters: [
            .init(
                name: "setup",
                type: .string,
                description: "The situation that the joke begins with.",
                isRequired: true
            ),
            .init(
                name: "premise",
                type: .string,
                description: "What the listener is made to expect, and why.",
                isRequired: true
            ),
            .init(
                name: "punchline",
                type: .string,
                description: "How the end breaks that expectation.",
                isRequired: true
            ),
        ]
    )

    func run(_ arguments: ToolArguments, _ use: ToolUse) async throws -> ToolResult {
        let parts = [("Setup", "setup"), ("Premise", "premise"), ("Punchline", "punchline")]
        let paragraphs = try parts.map { "**\($0.0):** \(try arguments.words($0.1))" }
        return ToolResult(text: paragraphs.joined(separator: "\n\n"), isAnswer: true)
    }
}
