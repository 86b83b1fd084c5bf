/// Tells a joke; its result is the answer.
struct JokeDelivery: Tool {
    let declaration = ToolDeclaration(
        name: "JokeDelivery",
        aliases: ["joke_delivery", "tell_joke"],
        description: "Call this to tell the user a joke. The joke is shown to the user.",
        parameters: [
            .init(name: "text", type: .string, description: "The joke, in Markdown.", isRequired: true)
        ]
    )

    func run(_ arguments: ToolArguments, _ use: ToolUse) async throws -> ToolResult {
        ToolResult(text: try arguments.words("text"), isAnswer: true)
    }
}
