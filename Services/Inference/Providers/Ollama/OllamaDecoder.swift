import Contracts
import ContractsJSON
import Foundation
import JSON
import NIOCore

/// Decodes Ollama's chat stream.
///
/// Proxies also send one object on several lines, and server-sent events.
struct OllamaDecoder: AnswerDecoder {
    /// Maximum length of a line in bytes, the same as in Ollama's own client.
    static let lineLimit = 8 * 1024 * 1024
    /// Maximum size of thoughts that may become the answer, in bytes.
    private static let thoughtLimit = 1 << 20

    private let model: String
    private let faults: ProviderFaults
    /// Whether the model was asked for JSON.
    private let wantsJSON: Bool
    private var lines = JSONLines(limit: lineLimit)
    private var objects = JSONObjectSplitter(limit: lineLimit)
    /// Whether the response is an object on several lines.
    private var isSplit = false
    private var hasLine = false
    private var calls = ToolCallIndexer()
    private var callIDs: Set<String> = []
    private var hasText = false
    private var thoughts = ""
    /// The last line, if nothing was said before it.
    private var ending: OllamaChatLine?
    private var isOver = false

    /// - Parameters:
    ///   - model: the model's name with its provider.
    ///   - wantsJSON: whether the model was asked for JSON.
    ///   - faults: creates the provider's errors.
    init(model: String, wantsJSON: Bool = false, faults: ProviderFaults) {
        self.model = model
        self.wantsJSON = wantsJSON
        self.faults = faults
    }

    /// The last line contains the finish reason and the usage.
    var isAwaitingTrailer: Bool { false }

    mutating func read(_ bytes: ByteBuffer, into event: inout Inference.Event) throws {
        do {
            for line in try lines.append(bytes) where !isOver { try take(line, into: &event) }
        } catch is JSONLines.TooLong {
            throw faults.invalidResponse("a line of more than \(Self.lineLimit) bytes")
        } catch is JSONScanner.Malformed {
            throw faults.invalidResponse("a line that is not JSON")
        }
    }

    mutating func end(into event: inout Inference.Event) throws {
        if lines.unfinished.readableBytes > 0, !isOver {
            do {
                try take(lines.unfinished, into: &event)
            } catch is JSONScanner.Malformed {
                // An incomplete line.
                throw faults.incompleteStream
            } catch is JSONLines.TooLong {
                throw faults.incompleteStream
            }
        }
        if !isOver, let ending { try finish(ending, &event) }
    }

    private mutating func take(_ line: ByteBuffer, into event: inout Inference.Event) throws {
        guard let line = Self.content(of: line) else { return }
        defer { hasLine = true }
        if !isSplit {
            do {
                return try take(OllamaChatLine(line), line, into: &event)
            } catch let error as JSONScanner.Malformed {
                // Only a response that begins with an incomplete object has several lines.
                guard !hasLine, [UInt8(ascii: "{"), UInt8(ascii: "[")].contains(line.readableBytesView.first) else {
                    throw error
                }
                isSplit = true
            }
        }
        for object in try objects.append(line) where !isOver {
            try take(OllamaChatLine(object), object, into: &event)
        }
    }

    /// A line without the field name of server-sent events; `nil` if it has no content.
    private static func content(of line: ByteBuffer) -> ByteBuffer? {
        var line = line
        var bytes = line.readableBytesView
        // The usual case.
        if bytes.first == UInt8(ascii: "{") { return line }
        guard !["event:", "id:", "retry:", ":"].contains(where: { bytes.starts(with: $0.utf8) }) else { return nil }
        if bytes.starts(with: "data:".utf8) { line.moveReaderIndex(forwardBy: 5) }
        bytes = line.readableBytesView
        let blanks = bytes.prefix { $0 <= 0x20 }.count
        line.moveReaderIndex(forwardBy: blanks)
        guard line.readableBytes > 0, !line.readableBytesView.elementsEqual("[DONE]".utf8) else { return nil }
        return line
    }

    private mutating func take(
        _ line: OllamaChatLine,
        _ bytes: ByteBuffer,
        into event: inout Inference.Event
    ) throws {
        if line.hasError || !line.isAnswer, let error = OpenAIErrorBody(body: bytes) {
            throw faults.reported(error.report, model: model)
        }
        if line.hasError { throw faults.reported(ErrorReport(), model: model) }
        event.reasoning.add(line.thinking)
        event.text.add(line.text)
        hasText = hasText || !line.text.isEmpty
        if wantsJSON, !hasText, thoughts.utf8.count < Self.thoughtLimit { thoughts += line.thinking }
        for call in line.calls where call.name?.isEmpty == false {
            event.toolCalls = (event.toolCalls ?? []) + [piece(call)]
        }
        if let logprobs = line.logprobs {
            event.logprobs = RawJSON(joining: [event.logprobs, logprobs].compactMap { $0 })
        }
        guard line.isDone else { return }
        // An end before anything was said is one only if the response ends as well.
        if hasText || !calls.isEmpty { try finish(line, &event) } else { ending = line }
    }

    private mutating func finish(_ line: OllamaChatLine, _ event: inout Inference.Event) throws {
        if !hasText, calls.isEmpty {
            // Ollama loaded or unloaded the model, and was not asked for anything.
            if line.doneReason == "load" || line.doneReason == "unload" { throw faults.emptyAnswer }
            if wantsJSON, line.doneReason != "length" { event.text.add(try answerInThoughts()) }
        }
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

    /// The JSON that a model wrote as a thought, because its output was limited to JSON while it was thinking.
    ///
    /// Throws ``Cause/empty`` if the thoughts are something else.
    private func answerInThoughts() throws -> String {
        var text = thoughts.trimmingCharacters(in: .whitespacesAndNewlines)
        let isJSON = text.withUTF8 { bytes in
            guard let first = bytes.first, [UInt8(ascii: "{"), UInt8(ascii: "[")].contains(first) else { return false }
            do { try JSONTree.checkSyntax(UnsafeRawBufferPointer(bytes)) } catch { return false }
            return true
        }
        guard isJSON else { throw faults.emptyAnswer }
        return text
    }

    /// Each call is complete and separate, even if indexes and identifiers are missing or equal.
    private mutating func piece(_ call: OllamaChatLine.Call) -> Inference.ToolCallDelta {
        let id = call.id.flatMap { callIDs.insert($0).inserted ? $0 : nil }
        return calls.piece(index: nil, id: id, name: call.name, arguments: call.arguments)
    }

    /// Ollama reports `stop` for tool calls as well.
    private func reason(_ word: String?) -> Inference.Finish.Reason {
        if word == "length" { return .length }
        return calls.isEmpty ? .stop : .toolCalls
    }
}
