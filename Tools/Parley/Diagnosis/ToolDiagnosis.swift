import Bus
import Contracts

/// Checks the tools: which are configured, and whether the servers that they use answer.
struct ToolDiagnosis: Sendable {
    let bus: any Bus

    /// Throws a `Fault` if conversation-svc is not available.
    func findings() async throws -> [Diagnosis.Finding] {
        let tools = try await bus.call(Tools.List(isChecked: true), CallContext(deadline: .now + .seconds(15)))
        return tools.map { tool in
            Diagnosis.Finding(isHealthy: tool.fault == nil, subject: "tool \(tool.name)", message: message(tool))
        }
    }

    private func message(_ tool: Tools.Description) -> String {
        guard let setting = tool.setting else { return "available." }
        guard tool.isAvailable else { return "not configured. To use it, set \(setting)." }
        return tool.fault.map { "configured with \(setting). \($0.message)" }
            ?? "configured with \(setting), and its server answers."
    }
}
