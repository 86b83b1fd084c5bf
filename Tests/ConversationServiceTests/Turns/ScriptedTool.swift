import Bus
import Contracts
import Synchronization

@testable import ConversationService

/// A tool that counts its effects.
final class ScriptedTool: ToolRunner {
    typealias Hook = @Sendable () async throws -> Void
    typealias Result = @Sendable (Inference.ToolCall) -> ToolResult

    private struct State {
        var effects: [Inference.ToolCall] = []
        var before: Hook?
        var after: Hook?
        var result: Result?
    }

    private let state = Mutex(State())

    /// The calls whose effect happened.
    var effects: [Inference.ToolCall] { state.withLock { $0.effects } }

    /// Sets what happens before and after the effect of each call.
    func onCall(before: Hook? = nil, after: Hook? = nil) {
        state.withLock { ($0.before, $0.after) = (before, after) }
    }

    /// Sets the results of the calls.
    func answer(_ result: @escaping Result) {
        state.withLock { $0.result = result }
    }

    let declarations = ["weather", "search"].map { ToolDeclaration(name: $0, description: "", parameters: []) }

    func declarations(of names: [String]) -> RawJSON? {
        let known = declarations.map(\.name)
        let tools = names.filter(known.contains).map {
            #"{"type":"function","function":{"name":"\#($0)","parameters":{"type":"object"}}}"#
        }
        return tools.isEmpty ? nil : RawJSON("[\(tools.joined(separator: ","))]")
    }

    func run(_ call: Inference.ToolCall, allowed: [String], _ use: ToolUse) async throws -> ToolResult {
        guard allowed.contains(call.function.name), declarations.map(\.name).contains(call.function.name) else {
            return .invalid
        }
        try await state.withLock { $0.before }?()
        state.withLock { $0.effects.append(call) }
        try await state.withLock { $0.after }?()
        if let result = state.withLock({ $0.result }) { return result(call) }
        return ToolResult(text: "18 degrees in \(call.function.arguments)")
    }
}

extension ScriptedInference {
    /// Options with a tool.
    static let toolOptions = Run.Options(tools: ["weather"])

    /// A generation that calls tools, one for each id.
    static func calling(_ ids: String...) -> [Step] {
        var event = Inference.Event()
        event.toolCalls = ids.enumerated().map { index, id in
            Inference.ToolCallDelta(index: index, id: id, name: "weather", arguments: "{\"city\":\"\(id)\"}")
        }
        let usage = Usage(promptTokens: 100, completionTokens: 7, isEstimated: false)
        let finish = Inference.Finish(reason: .toolCalls, model: "scripted/model", usage: usage)
        return [
            reasoning("Which city?"), .text("Let me look."), .event(event), .event(Inference.Event(finish: finish)),
        ]
    }

    /// A generation with these calls, as a model made them.
    static func calls(
        _ calls: [Inference.ToolCall],
        text: String? = nil,
        reason: Inference.Finish.Reason = .toolCalls
    ) -> [Step] {
        var event = Inference.Event()
        event.toolCalls = calls.enumerated().map { index, call in
            Inference.ToolCallDelta(
                index: index,
                id: call.id,
                name: call.function.name,
                arguments: call.function.arguments
            )
        }
        let usage = Usage(promptTokens: 100, completionTokens: 7, isEstimated: false)
        let finish = Inference.Finish(reason: reason, model: "scripted/model", usage: usage)
        let start: [Step] = text.map { [.text($0)] } ?? []
        return start + [.event(event), .event(Inference.Event(finish: finish))]
    }

    static func reasoning(_ text: String) -> Step {
        var event = Inference.Event()
        event.reasoning = text
        return .event(event)
    }
}
