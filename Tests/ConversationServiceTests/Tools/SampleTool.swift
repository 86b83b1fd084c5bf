import Bus
import Contracts
import Synchronization

@testable import ConversationService

/// A tool with one parameter of each type that records the arguments of its runs.
final class SampleTool: Tool {
    let declaration: ToolDeclaration
    let timeLimit: Duration
    private let action: @Sendable (ToolUse) async throws -> ToolResult
    private let recorded = Mutex<[ToolArguments]>([])

    /// The arguments of the runs so far.
    var runs: [ToolArguments] { recorded.withLock(\.self) }

    init(
        _ name: String = "sample",
        aliases: [String] = [],
        timeLimit: Duration = .seconds(30),
        _ action: @escaping @Sendable (ToolUse) async throws -> ToolResult = { _ in ToolResult(text: "done") }
    ) {
        declaration = ToolDeclaration(
            name: name,
            aliases: aliases,
            description: "A \"sample\".",
            parameters: [
                .init(name: "text", type: .string, description: "A text.", isRequired: true),
                .init(name: "number", type: .number, description: "A number."),
                .init(name: "count", type: .integer, description: "A whole number."),
                .init(name: "flag", type: .boolean, description: "A Boolean."),
            ]
        )
        self.timeLimit = timeLimit
        self.action = action
    }

    func run(_ arguments: ToolArguments, _ use: ToolUse) async throws -> ToolResult {
        recorded.withLock { $0.append(arguments) }
        return try await action(use)
    }
}

extension ToolUse {
    /// A use by a user in a new conversation.
    static func sample(user: String = "maya", deadline: ContinuousClock.Instant? = nil) -> ToolUse {
        ToolUse(
            user: user,
            conversation: Conversation.ID(at: .now()),
            run: Run.ID(at: .now()),
            question: Message.ID(at: .now()),
            call: CallContext(principal: Principal(user: user), deadline: deadline)
        )
    }
}
