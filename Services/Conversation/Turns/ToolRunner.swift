import Bus
import Contracts

/// Runs the tools that a model calls.
protocol ToolRunner: Sendable {
    /// The declarations of all available tools.
    var declarations: [ToolDeclaration] { get }

    /// Returns the declarations of the tools with these names or aliases that are available, as in
    /// ``Inference/Generate/tools``; `nil` if there are none.
    func declarations(of names: [String]) -> RawJSON?

    /// Runs a tool and returns its result.
    ///
    /// `allowed` are the names that ``declarations(of:)`` got. Called once for each stored call and never again, also not
    /// after a restart. The call must end soon after its task is cancelled or the context's deadline has passed, otherwise
    /// the run continues without its result. A `Fault` becomes the tool's result, which the model reads.
    func run(_ call: Inference.ToolCall, allowed: [String], _ use: ToolUse) async throws -> ToolResult
}

extension ToolRunner {
    /// Throws `invalid` if a name is not that of an available tool.
    func check(_ names: [String]) throws(Fault) {
        for name in names where declarations(of: [name]) == nil {
            let known = declarations.map(\.name).joined(separator: ", ")
            throw Fault(
                .invalid,
                "The tool `\(name.prefix(64))` does not exist or is not configured. "
                    + (known.isEmpty ? "No tools are available." : "Available tools: \(known).")
            )
        }
    }
}
