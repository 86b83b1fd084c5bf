import Bus
import Contracts
import JSON
import NIOCore

/// The tools of this installation: finds the tool of a call, checks the arguments, and runs the tool with a time limit.
struct ToolRegistry: ToolRunner {
    /// A tool with its declaration in OpenAI's format.
    private struct Entry: Sendable {
        var tool: any Tool
        var json: String
    }

    private let entries: [Entry]
    /// Indices of the entries by name and alias, in the form of ``key(_:)``.
    private let indices: [String: Int]
    /// The tools that are not configured.
    let unavailable: [UnavailableTool]

    /// Creates a registry; of several tools with one name or alias, the first one is used.
    init(_ tools: [any Tool], unavailable: [UnavailableTool] = []) {
        self.unavailable = unavailable
        entries = tools.map { tool in
            var json = JSONWriter()
            tool.declaration.write(to: &json)
            return Entry(tool: tool, json: String(buffer: json.buffer))
        }
        var indices: [String: Int] = [:]
        for (index, tool) in tools.enumerated() {
            for name in [tool.declaration.name] + tool.declaration.aliases where indices[Self.key(name)] == nil {
                indices[Self.key(name)] = index
            }
        }
        self.indices = indices
    }

    /// The available tools, in a fixed order.
    var tools: [any Tool] { entries.map(\.tool) }
    var declarations: [ToolDeclaration] { entries.map(\.tool.declaration) }

    /// The names of all tools, also of those that are not configured.
    var knownNames: [String] { declarations.map(\.name) + unavailable.map(\.declaration.name) }

    /// Whether a name or alias is that of a tool, which may be one that is not configured.
    func knows(_ name: String) -> Bool {
        let key = Self.key(name)
        return indices[key] != nil
            || unavailable.contains { ([$0.declaration.name] + $0.declaration.aliases).map(Self.key).contains(key) }
    }

    /// Returns the declarations of the available tools among `names`, which may be names or aliases.
    ///
    /// The order is that of the registry, so that providers can reuse a cached prompt.
    func declarations(of names: [String]) -> RawJSON? {
        let wanted = indices(of: names).sorted()
        guard !wanted.isEmpty else { return nil }
        return RawJSON("[\(wanted.map { entries[$0].json }.joined(separator: ","))]")
    }

    func run(_ call: Inference.ToolCall, allowed: [String], _ use: ToolUse) async throws -> ToolResult {
        guard let index = indices[Self.key(call.function.name)], indices(of: allowed).contains(index) else {
            return .invalidCall
        }
        let tool = entries[index].tool
        guard let arguments = ToolArguments(call.function.arguments, for: tool.declaration) else { return .invalidCall }
        return try await run(tool, arguments, use)
    }

    /// Runs a tool; cancels it and throws `timeout` when its time limit has passed.
    private func run(_ tool: any Tool, _ arguments: ToolArguments, _ use: ToolUse) async throws -> ToolResult {
        let limit = tool.timeLimit
        let end = min(use.call.deadline ?? .now + limit, .now + limit)
        var limited = use
        limited.call.deadline = end
        let result = try await withThrowingTaskGroup(of: ToolResult?.self) { [limited] group in
            defer { group.cancelAll() }
            group.addTask { try await tool.run(arguments, limited) }
            group.addTask {
                try await Task.sleep(until: end, clock: .continuous)
                return nil
            }
            return try await group.next() ?? nil
        }
        guard let result else {
            throw Fault(.timeout, "It did not finish within \(limit), and it may have had an effect.")
        }
        return result
    }

    private func indices(of names: [String]) -> Set<Int> {
        Set(names.compactMap { indices[Self.key($0)] })
    }

    /// The form in which names are compared: models write blanks around a name, and capital letters.
    private static func key(_ name: String) -> String {
        String(name.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed()).lowercased()
    }
}

extension ToolResult {
    /// For a call of a function that does not exist or is not allowed, or with arguments that do not match its
    /// declaration; the text of seed 002.
    static let invalidCall = Self(
        text: "This function either does not exist, or the parameters provided were invalid."
    )
}
