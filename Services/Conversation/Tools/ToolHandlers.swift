import Bus
import Contracts
import JSON
import NIOCore

/// The handler of the endpoint for tools.
struct ToolHandlers: Sendable {
    /// Maximum duration of a check.
    private static let checkLimit = Duration.seconds(10)

    let registry: ToolRegistry

    /// Returns all tools; available ones first.
    func list(_ request: Tools.List, _ context: CallContext) async -> [Tools.Description] {
        var available = registry.tools.map { Self.describe($0.declaration, setting: $0.setting, isAvailable: true) }
        if request.isChecked {
            let faults = await check(context)
            for index in available.indices { available[index].fault = faults[index] }
        }
        return available
            + registry.unavailable.map { Self.describe($0.declaration, setting: $0.setting, isAvailable: false) }
    }

    /// Checks all available tools at once; returns the faults by index.
    private func check(_ context: CallContext) async -> [Int: Fault] {
        var limited = context
        limited.deadline = min(context.deadline ?? .now + Self.checkLimit, .now + Self.checkLimit)
        return await withTaskGroup(of: (Int, Fault?).self) { [limited] group in
            for (index, tool) in registry.tools.enumerated() {
                group.addTask { (index, await Self.fault(of: tool, limited)) }
            }
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
    }

    private static func fault(of tool: any Tool, _ context: CallContext) async -> Fault? {
        do {
            try await tool.check(context)
            return nil
        } catch let fault as Fault {
            return fault
        } catch {
            return Fault(.unavailable, "The check was cancelled.")
        }
    }

    private static func describe(
        _ declaration: ToolDeclaration,
        setting: String?,
        isAvailable: Bool
    ) -> Tools.Description {
        var schema = JSONWriter()
        declaration.writeSchema(to: &schema)
        return Tools.Description(
            name: declaration.name,
            aliases: declaration.aliases,
            description: declaration.description,
            parameters: RawJSON(String(buffer: schema.buffer)),
            setting: setting,
            isAvailable: isAvailable
        )
    }
}
