import Contracts

/// Stores a fact about the user; its provenance is the message that the run answers.
struct CreateMemoryTool: Tool {
    static let name = "create_memory"

    let memories: MemoryHandlers

    var declaration: ToolDeclaration {
        ToolDeclaration(
            name: Self.name,
            description: """
                Stores one fact for later conversations. Use it when the user asks to remember something, or states a \
                lasting fact about themselves.
                """,
            parameters: [
                ToolDeclaration.Parameter(
                    name: "memory_text",
                    type: .string,
                    description: "The fact to remember, as one complete sentence.",
                    isRequired: true
                )
            ]
        )
    }

    func run(_ arguments: ToolArguments, _ use: ToolUse) async throws -> ToolResult {
        let text = try MemoryText(arguments.text("memory_text") ?? "", name: "memory_text")
        let origin = MemoryOrigin(
            user: use.user,
            source: .tool,
            conversation: use.conversation,
            message: use.question,
            moment: memories.now()
        )
        let created = try await memories.create(NewMemory(origin: origin, text: text))
        return ToolResult(
            text: created.isNew
                ? "New memory created and indexed: \(created.memory.id)"
                : "This memory exists already: \(created.memory.id)"
        )
    }
}
