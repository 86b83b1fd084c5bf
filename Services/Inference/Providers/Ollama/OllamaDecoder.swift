import Contracts
import JSON
import NIOCore

/// Reads Ollama's chat stream to the line that says it is done.
struct OllamaDecoder: AnswerDecoder {
    /// The longest line in bytes; Ollama's own client has the same limit.
    static let lineLimit = 8 * 1024 * 1024

    private let model: String
    private let faults: ProviderFaults
    private var lines = JSONLines(limit: lineLimit)
    private var calls = ToolCallIndexer()
    private var callIDs: Set<String> = []
    private var isOver = false

    /// A decoder for a model by its full name.
    init(model: String, faults: ProviderFaults) {
        self.model = model
        self.faults = faults
    }

    /// The last line holds all there is to say.
    var isAwaitingTrailer: Bool { false }

    mutating func read(_ bytes: ByteBuffer, into event: inout Inference.Event) throws {
        let whole: [ByteBuffer]
        do {
            whole = try lines.append(bytes)
        } catch {
            throw faults.invalidResponse("a line of more than \(Self.lineLimit) bytes")
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
            // A line that was cut.
            throw faults.unfinished
        }
    }

    private mutating func take(_ line: OllamaChatLine, into event: inout Inference.Event) throws {
        if let error = line.error { throw faults.said(error) }
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

    /// Each call comes whole, and indexes and ids may be absent or the same: each is one of its own.
    private mutating func piece(_ call: OllamaChatLine.Call) -> Inference.ToolCallDelta {
        let id = call.id.flatMap { callIDs.insert($0).inserted ? $0 : nil }
        return calls.piece(index: nil, id: id, name: call.name, arguments: call.arguments)
    }

    /// Ollama says `stop` of an answer that calls tools as well.
    private func reason(_ word: String?) -> Inference.Finish.Reason {
        if word == "length" { return .length }
        return calls.isEmpty ? .stop : .toolCalls
    }
}
