import Contracts
import JSON
import NIOCore

/// Returns the user's memories that are nearest to a text, best first, as a JSON array of strings.
struct RecallMemoryTool: Tool {
    static let name = "recall_memory"
    /// Permitted numbers of memories; other ones are replaced by the nearest.
    private static let counts = 1...20

    let memories: MemoryHandlers

    var declaration: ToolDeclaration {
        ToolDeclaration(
            name: Self.name,
            description: """
                Finds facts that were stored with \(CreateMemoryTool.name), also in earlier conversations. Use it when the \
                user asks about something that they told before.
                """,
            parameters: [
                ToolDeclaration.Parameter(
                    name: "query",
                    type: .string,
                    description: "What to look for.",
                    isRequired: true
                ),
                ToolDeclaration.Parameter(
                    name: "n_docs",
                    type: .number,
                    description: "Maximum number of memories, from 1 to 20 (default: 1)."
                ),
            ]
        )
    }

    func run(_ arguments: ToolArguments, _ use: ToolUse) async throws -> ToolResult {
        guard let query = arguments.text("query"), !query.trimmedWhitespace.isEmpty else {
            throw Fault(.invalid, "`query` must not be empty.")
        }
        let found = try await memories.search.find(
            query,
            of: use.user,
            limit: Self.count(arguments.number("n_docs")),
            breadth: .nearest,
            use.call
        )
        return ToolResult(text: Self.array(found.map(\.text)))
    }

    private static func count(_ number: Double?) -> Int {
        guard let number, !number.isNaN else { return counts.lowerBound }
        let bounded = min(max(number, Double(counts.lowerBound)), Double(counts.upperBound))
        let whole = bounded.rounded(.down)
        return Int(exactly: whole) ?? counts.lowerBound
    }

    /// A JSON array with one text per line, indented by two blanks.
    private static func array(_ texts: [String]) -> String {
        guard !texts.isEmpty else { return "[]" }
        var json = ByteBuffer()
        for text in texts {
            json.writeString(json.readableBytes == 0 ? "[\n  " : ",\n  ")
            JSONText.write(text, to: &json)
        }
        json.writeString("\n]")
        return String(buffer: json)
    }
}
