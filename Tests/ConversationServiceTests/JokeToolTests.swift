import Bus
import Contracts
import Testing

@testable import ConversationService

/// The tools of the sitcom persona: their results are answers in Markdown.
struct JokeToolTests {
    private static let use = ToolUse(
        user: "TR",
        conversation: Conversation.ID(),
        run: Run.ID(),
        question: Message.ID(),
        call: CallContext()
    )

    private func run(_ tool: any Tool, _ values: [String: ToolArguments.Value]) async throws -> ToolResult {
        try await tool.run(ToolArguments(values), Self.use)
    }

    @Test func `each tool is declared with the observed name and parameters`() {
        let declared = [SarcasmDetection().declaration, JokeExplanation().declaration, JokeDelivery().declaration]
        #expect(declared.map(\.name) == ["SarcasmDetection", "JokeExplanation", "JokeDelivery"])
        #expect(
            declared.map { $0.parameters.map(\.name) } == [
                ["quote", "score"], ["setup", "premise", "punchline"], ["text"],
            ]
        )
        #expect(declared.allSatisfy { $0.parameters.allSatisfy { $0.isRequired && !$0.description.isEmpty } })
        #expect(SarcasmDetection().declaration.parameters.map(\.type) == [.string, .integer])
        #expect(SurfacePersonas.sitcomTrivia.persona.tools == declared.map(\.name))
    }

    @Test(
        arguments: [
            (0, "sincere"), (2, "sincere"), (3, "hardly sarcastic"), (5, "rather sarcastic"), (9, "very sarcastic"),
        ]
    )
    func `sarcasm is a quote with a score`(_ score: Double, _ verdict: String) async throws {
        let result = try await run(SarcasmDetection(), ["quote": .text("Oh, great.\nMore."), "score": .number(score)])
        #expect(result.isAnswer)
        #expect(result.text == "> Oh, great.\n> More.\n\n**Sarcasm: \(Int(score)) of 9**, \(verdict).")
    }

    @Test func `a joke is shown, and explained by its parts`() async throws {
        let shown = try await run(JokeDelivery(), ["text": .text("\n Knock, *knock*. ")])
        #expect(shown == ToolResult(text: "Knock, *knock*.", isAnswer: true))
        let explained = try await run(
            JokeExplanation(),
            ["setup": .text("A bar."), "premise": .text("Bars have people."), "punchline": .text("A horse.")]
        )
        let text = "**Setup:** A bar.\n\n**Premise:** Bars have people.\n\n**Punchline:** A horse."
        #expect(explained == ToolResult(text: text, isAnswer: true))
    }

    @Test func `a score out of range, a missing score and a blank text are refused`() async throws {
        for (tool, values) in [
            (SarcasmDetection(), ["quote": .text("x"), "score": .number(10)]),
            (SarcasmDetection(), ["quote": .text("x"), "score": .number(-1)]),
            (SarcasmDetection(), ["quote": .text("x"), "score": .number(1.5)]),
            (SarcasmDetection(), ["quote": .text("x"), "score": .number(.nan)]),
            (SarcasmDetection(), ["quote": .text("x")]),
            (SarcasmDetection(), ["quote": .text(" "), "score": .number(1)]), (JokeDelivery(), ["text": .text("\n")]),
            (JokeDelivery(), [:]), (JokeExplanation(), ["setup": .text("x"), "premise": .text("x")]),
        ] as [(any Tool, [String: ToolArguments.Value])] {
            await #expect(throws: Fault.self, "\(values)") { try await run(tool, values) }
        }
    }
}
