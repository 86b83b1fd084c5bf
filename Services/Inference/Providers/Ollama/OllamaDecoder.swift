import Contracts
import ContractsJSON
import JSON
import NIOCore

/// Decodes Ollama's chat stream.
struct OllamaDecoder: AnswerDecoder {
    private let model: String
    private let faults: ProviderFaults
    private let limit: Int
    private var lines: JSONLines
    private var calls = ToolCallIndexer()
    private var callIDs: Set<String> = []
    private var isOver = false

    /// Creates a decoder of lines of at most `limit` bytes; `model` is the name with its provider.
    init(model: String, limit: Int = GenerationTimeouts.defaultEventBytes, faults: ProviderFaults) {
        self.model = model
        self.limit = limit
        self.faults = faults
        lines = JSONLines(limit: limit)
    }

    /// The last line contains the finish reason and the usage.
    var isAwaitingTrailer: Bool { false }

    mutating func read(_ bytes: ByteBuffer, into event: inout Inference.Event) throws {
        let whole: [ByteBuffer]
        do {
            whole = try lines.append(bytes)
        } catch {
            throw faults.eventTooLong(limit: limit)
        }
        for line in whole where !isOver {
            do {
                try take(OllamaChatLine(line), into: &event)
            } catch is JSONScanner.Malformed {
                throw faults.invalidResponse("a line that is not JSON")
            }
        }
    }

    mutating func end(into event: inout Inference.Event) throws {
        guard lines.unfinished.readableBytes > 0, !isOver else { return }
        do {
            try take(OllamaChatLine(lines.unfinished), into: &event)
        } catch is JSONScanner.Malformed {
            // An incomplete line.
            throw faults.incompleteStream
        }
    }

    private mutating func take(_ line: OllamaChatLine, into event: inout Inference.Event) throws {
        if let error = line.error { throw faults.reported(ErrorReport(message: error), model: model) }
        event.reasoning.add(line.thinking)
        event.text.add(line.text)
        for call in line.calls where call.name?.isEmpty == false {
            event.toolCalls = (event.toolCalls ?? []) + [piece(call)]
        }
        if let logprobs = line.logprobs {
            event.logprobs = RawJSON(joining: [event.logprobs, logprobs].compactMap { $0 })
        }
        guard line.isDone else { return }
        isOver = true
        let isCounted = line.promptTokens != nil || line.completionTokens != nil
        event.finish = Inference.Finish(
            reason: reason(line.doneReason),
            model: model,
            usage: isCounted
                ? Usage(
                    promptTokens: line.promptTokens ?? 0,
                    completionTokens: line.completionTokens ?? 0,
                    isEstimated: false
                )
                : nil
        )
    }

    /// Each call is complete and separate, even if indexes and identifiers are missing or equal.
    private mutating func piece(_ call: OllamaChatLine.Call) -> Inference.ToolCallDelta {
        let id = call.id.flatMap { callIDs.insert($0).inserted ? $0 : nil }
        return calls.whole(id: id, name: call.name ?? "", arguments: call.arguments)
    }

    /// Ollama reports `stop` for tool calls as well.
    private func reason(_ word: String?) -> Inference.Finish.Reason {
        if word == "length" { return .length }
        return calls.isEmpty ? .stop : .toolCalls
    }
}
