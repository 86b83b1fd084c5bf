import Contracts
import ContractsJSON
import Foundation
import JSON
import NIOCore

/// Decodes Ollama's chat stream.
struct OllamaDecoder: AnswerDecoder {
    /// Maximum size of thoughts that may become the answer, in bytes.
    private static let thoughtLimit = 1 << 20

    private let model: String
    private let faults: ProviderFaults
    /// Whether the model was asked for JSON.
    private let wantsJSON: Bool
    private let limit: Int
    private var lines: JSONLines
    private var objects: JSONObjectSplitter
    private var hasBegun = false
    /// Whether objects have several lines, or are in an array.
    private var isSplit = false
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
    ///   - limit: the maximum size of a line, in bytes.
    ///   - faults: creates the provider's errors.
    init(
        model: String,
        wantsJSON: Bool = false,
        limit: Int = GenerationTimeouts.defaultEventBytes,
        faults: ProviderFaults
    ) {
        self.model = model
        self.wantsJSON = wantsJSON
        self.limit = limit
        self.faults = faults
        lines = JSONLines(limit: limit)
        objects = JSONObjectSplitter(limit: limit)
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
        for line in whole where !isOver { try take(line: line, into: &event) }
    }

    mutating func end(into event: inout Inference.Event) throws {
        let wasInside = objects.isInside
        if lines.unfinished.readableBytes > 0, !isOver {
            do {
                try take(line: lines.unfinished, into: &event)
            } catch let error as ProviderError where error.cause == .unreadable {
                // An incomplete line.
                throw faults.incompleteStream
            }
        }
        if isOver { return }
        if let ending, !objects.isInside { return try finish(ending, &event) }
        if wasInside || (isSplit && !hasBegun && !objects.isInside) { throw notJSON }
        if objects.isInside { throw faults.incompleteStream }
    }

    private var notJSON: ProviderError { faults.invalidResponse("a line that is not JSON") }

    /// Takes a line: an object, or one that some proxies make of it, such as an event or a part of an object.
    private mutating func take(line: ByteBuffer, into event: inout Inference.Event) throws {
        guard !isSplit else { return try split(line, into: &event) }
        guard let json = Self.json(in: line) else { return }
        do {
            try take(OllamaChatLine(json), into: &event)
            hasBegun = true
        } catch is JSONScanner.Malformed {
            guard json.beginsJSON else {
                throw faults.reported(ErrorBody.report(of: json, status: nil), model: model)
            }
            guard !hasBegun else { throw notJSON }
            try split(json, into: &event)
        }
    }

    /// Takes a line of objects that have several lines, or are in an array.
    private mutating func split(_ line: ByteBuffer, into event: inout Inference.Event) throws {
        isSplit = true
        do {
            for object in try objects.append(line) where !isOver {
                try take(OllamaChatLine(object), into: &event)
                hasBegun = true
            }
        } catch is JSONLines.TooLong {
            throw faults.eventTooLong(limit: limit)
        } catch is JSONScanner.Malformed {
            throw notJSON
        }
    }

    /// The JSON of a line; `nil` for a line of an event stream without any.
    private static func json(in line: ByteBuffer) -> ByteBuffer? {
        let bytes = line.readableBytesView
        guard let first = bytes.first, first != UInt8(ascii: "{") else { return line }
        if bytes.starts(with: "data:".utf8) {
            let data = line.getSlice(at: line.readerIndex + 5, length: line.readableBytes - 5) ?? ByteBuffer()
            return OpenAIDecoder.isDone(data) ? nil : data
        }
        let isField = [":", "event:", "id:", "retry:"].contains { bytes.starts(with: $0.utf8) }
        return isField ? nil : line
    }

    private mutating func take(_ line: OllamaChatLine, into event: inout Inference.Event) throws {
        if let error = line.error { throw faults.reported(error, model: model) }
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
        return calls.whole(id: id, name: call.name ?? "", arguments: call.arguments)
    }

    /// Ollama reports `stop` for tool calls as well.
    private func reason(_ word: String?) -> Inference.Finish.Reason {
        if word == "length" { return .length }
        return calls.isEmpty ? .stop : .toolCalls
    }
}
