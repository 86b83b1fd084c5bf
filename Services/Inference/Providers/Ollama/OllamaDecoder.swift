import Bus
import Contracts
import NIOCore

/// Reads Ollama's chat stream to the line that says it is done.
struct OllamaDecoder: AnswerDecoder {
    /// The longest line in bytes; Ollama's own client has the same limit.
    static let lineLimit = 8 * 1024 * 1024

    private let model: String
    private let faults: ProviderFaults
    private var lines = JSONLines(limit: lineLimit)
    private var isOver = false

    /// A decoder for a model by its full name.
    init(model: String, faults: ProviderFaults) {
        self.model = model
        self.faults = faults
    }

    /// The last line holds all there is to say.
    var isSettling: Bool { false }

    mutating func read(_ bytes: ByteBuffer, into event: inout Inference.Event) throws {
        let whole: [ByteBuffer]
        do {
            whole = try lines.append(bytes)
        } catch {
            throw faults.unreadable("a line of more than \(Self.lineLimit) bytes")
        }
        for line in whole where !isOver {
            do {
                try take(OllamaChatLine(line), into: &event)
            } catch is JSONScanner.Malformed {
                throw faults.unreadable("a line that is not JSON")
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
        event.text.add(line.text)
        guard line.isDone else { return }
        isOver = true
        let isCounted = line.promptTokens != nil || line.completionTokens != nil
        event.finish = Inference.Finish(
            reason: line.doneReason == "length" ? .length : .stop,
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
}
