import Contracts
import Foundation

/// The limits of the tool calls of a run, and what was used of them.
struct ToolRounds: Sendable {
    /// Maximum number of answers with calls; the answer after them is asked for without tools.
    static let limit = 8
    /// Maximum number of calls of one answer that are run.
    static let callLimit = 16
    /// Maximum number of calls of a run with the same name and arguments.
    static let repetitionLimit = 2
    /// Minimum size of a result, in bytes: enough for most errors.
    static let smallestResult = 256

    /// Number of answers with calls.
    private(set) var count = 0
    /// How often each name with its arguments was run.
    private var runs: [String: Int] = [:]
    /// Size of all results, in tokens.
    private var resultTokens = 0

    /// Whether the model may call tools in its next answer.
    var hasNext: Bool { count < Self.limit }

    mutating func begin() {
        count += 1
    }

    /// Returns the result of a call that is not to be run; `nil` for one that is, and counts it.
    ///
    /// `index` is the position of the call in its answer, and `isOffered` whether the model was offered tools.
    mutating func refusal(of call: ToolCallNormalization.Call, at index: Int, isOffered: Bool) -> ToolResult? {
        guard isOffered else {
            return ToolResult(text: "The tool was not run: no tool can be called in this answer.")
        }
        switch call.defect {
        case .invalid: return .invalid
        case .cut:
            return ToolResult(
                text: "The tool was not run: the answer reached its maximum length within the arguments. "
                    + "Call it again with shorter arguments."
            )
        case .tooLarge:
            return ToolResult(
                text: "The tool was not run: its arguments have more than \(NormalizedArguments.byteLimit) bytes."
            )
        case nil: break
        }
        guard index < Self.callLimit else {
            return ToolResult(
                text: "The tool was not run: at most \(Self.callLimit) calls of one answer are run. Call it again."
            )
        }
        let key = Self.key(of: call.call.function)
        guard runs[key, default: 0] < Self.repetitionLimit else {
            return ToolResult(
                text: "The tool was not run: it was called with the same arguments \(Self.repetitionLimit) times. "
                    + "Use the earlier results, or other arguments."
            )
        }
        runs[key, default: 0] += 1
        return nil
    }

    /// Returns the maximum size of the next result, in bytes.
    ///
    /// All results of a run use at most half of the model's window, and those of one answer half of what is left, so that
    /// the question, the calls and the answer always fit.
    ///
    /// `room` is the size of the results of this answer that is left, in tokens, and `left` the number of its results that
    /// are missing, including this one.
    static func resultLimit(room: Int, left: Int) -> Int {
        let tokens = room / max(1, left)
        return min(ToolResult.byteLimit, max(smallestResult, TokenEstimate.bytes(inTokens: tokens)))
    }

    /// Returns the size that the results of an answer may have, in tokens; `occupied` is the size of the prompt with the
    /// calls.
    func room(in window: ContextWindow, occupied: Int) -> Int {
        let allowed = window.size / 2 - resultTokens
        let free = window.size - window.reserve - occupied
        return max(0, min(allowed, free)) / (hasNext ? 2 : 1)
    }

    /// Counts a result.
    mutating func add(resultTokens tokens: Int) {
        resultTokens += tokens
    }

    /// The name and the arguments of a call, independent of the order and the spacing of the arguments.
    private static func key(of function: Inference.ToolCall.Function) -> String {
        do {
            let object = try JSONSerialization.jsonObject(with: Data(function.arguments.utf8))
            let sorted = try JSONSerialization.data(withJSONObject: object, options: .sortedKeys)
            return function.name + String(decoding: sorted, as: UTF8.self)
        } catch {
            return function.name + function.arguments
        }
    }
}
