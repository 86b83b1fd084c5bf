import Contracts
import ContractsJSON
import JSON
import NIOCore

/// Decodes a response in OpenAI's format: an event stream of chunks that ends with `[DONE]`, lines of chunks, or one
/// object on any number of lines.
///
/// The bytes decide which, not the label: servers stream without being asked, answer whole although a stream was asked
/// for, and name any content type.
struct OpenAIDecoder: AnswerDecoder {
    /// Maximum size of all names and identifiers of an answer, in bytes.
    private static let opaqueLimit = 4 * 1024 * 1024
    private static let callLimit = 1000
    /// How much of a response that is plain text is kept, in bytes.
    private static let textLimit = 2000

    private let model: String
    private let names: ToolNames
    private let faults: ProviderFaults
    private let limit: Int
    private var events: ServerSentEventParser
    private var objects: JSONObjectSplitter
    private var calls = ToolCallIndexer()
    private var opaqueBytes = 0
    private var reason: String?
    private var usage: Usage?
    private var isOver = false
    /// Whether the answer has text, a refusal or a call.
    private var hasContent = false
    private var hasReasoning = false
    /// Whether anything of OpenAI's format was decoded.
    private var hasBegun = false
    /// Whether the answer is one object.
    private var isWhole = false
    /// The beginning of a response that is neither an event stream nor JSON.
    private var plainText: String?
    /// The log probabilities of one read.
    private var logprobs: [RawJSON] = []

    /// - Parameters:
    ///   - model: the model's name with its provider.
    ///   - names: the names of the tools in the request.
    ///   - limit: the maximum size of a line, of an event, and of a complete response, in bytes.
    ///   - faults: creates the provider's errors.
    init(model: String, names: ToolNames = ToolNames(), limit: Int, faults: ProviderFaults) {
        self.model = model
        self.names = names
        self.limit = limit
        self.faults = faults
        events = ServerSentEventParser(limit: limit)
        objects = JSONObjectSplitter(limit: limit)
    }

    var isAwaitingTrailer: Bool {
        guard let reason else { return false }
        return hasContent || hasReasoning || Self.lengths.contains(reason) || Self.filters.contains(reason)
    }

    mutating func read(_ bytes: ByteBuffer, into event: inout Inference.Event) throws {
        defer { addLogprobs(to: &event) }
        do {
            try take(events.append(bytes), into: &event)
        } catch is JSONLines.TooLong {
            throw faults.eventTooLong(limit: limit)
        }
    }

    mutating func end(into event: inout Inference.Event) throws {
        defer { addLogprobs(to: &event) }
        let isCut = events.unfinished.readableBytes > 0
        do {
            try take(events.end(), into: &event)
        } catch  where isAwaitingTrailer {
            // The answer was complete before.
        } catch let error as ProviderError where error.cause == .unreadable && isCut {
            // An incomplete line.
        } catch is JSONLines.TooLong {
            throw faults.eventTooLong(limit: limit)
        }
        guard !isOver else { return }
        // Some servers omit the finish reason of a complete object.
        if reason != nil || (isWhole && hasContent) { return try finish(&event) }
        if objects.isInside, !hasBegun {
            // An object that is cut off was generated and paid for, so it is not requested again.
            throw ProviderError(.unreadable, faults.incompleteStream.fault)
        }
        guard !hasBegun, let plainText else { return }
        throw faults.reported(ErrorReport(message: plainText), model: model)
    }

    /// Adds the log probabilities of one read to the event.
    private mutating func addLogprobs(to event: inout Inference.Event) {
        guard !logprobs.isEmpty else { return }
        event.logprobs = RawJSON(joining: logprobs)
        logprobs = []
    }

    private mutating func take(_ items: [ServerSentEventParser.Item], into event: inout Inference.Event) throws {
        for item in items where !isOver {
            switch item {
            case .data(let data): if data.readableBytes > 0 { try take(data: data, into: &event) }
            case .failure(let data, let status):
                throw faults.reported(ErrorBody.report(of: data, status: status), model: model)
            case .stray(let line): try take(stray: line, into: &event)
            }
        }
    }

    /// Takes the data of an event: a chunk, `[DONE]`, or words.
    private mutating func take(data: ByteBuffer, into event: inout Inference.Event) throws {
        if Self.isDone(data) { return try takeDone(&event) }
        guard data.beginsJSON else {
            let text = String(decoding: data.readableBytesView.prefix(Self.textLimit), as: UTF8.self)
            guard !Self.isKeepAlive(text) else { return }
            throw faults.reported(ErrorBody.report(of: data, status: nil), model: model)
        }
        do {
            try take(chunk: OpenAIChunk(data), into: &event)
        } catch is JSONScanner.Malformed {
            // Some servers end their events with one line break, or put chunks in an array: several chunks are one event.
            var splitter = JSONObjectSplitter(limit: limit)
            let chunks = try splitter.append(data)
            guard !chunks.isEmpty, !splitter.isInside else {
                throw faults.invalidResponse("something that is not JSON")
            }
            for chunk in chunks where !isOver { try take(object: chunk, into: &event) }
            if Self.endsWithDone(data), !isOver { try takeDone(&event) }
        }
    }

    /// Takes a line that is not part of an event stream.
    private mutating func take(stray line: ByteBuffer, into event: inout Inference.Event) throws {
        if !objects.isInside {
            if Self.isDone(line) { return try takeDone(&event) }
            let first = line.readableBytesView.first { $0 > 0x20 }
            if first == UInt8(ascii: "<"), !hasBegun { throw faults.noInterface }
            if let first, !"{[],".utf8.contains(first), plainText == nil {
                plainText = String(decoding: line.readableBytesView.prefix(Self.textLimit), as: UTF8.self)
            }
        }
        for object in try objects.append(line) where !isOver { try take(object: object, into: &event) }
    }

    private mutating func take(object: ByteBuffer, into event: inout Inference.Event) throws {
        do {
            try take(chunk: OpenAIChunk(object), into: &event)
        } catch is JSONScanner.Malformed {
            throw faults.invalidResponse("something that is not JSON")
        }
    }

    private mutating func take(chunk: OpenAIChunk, into event: inout Inference.Event) throws {
        if let choice = chunk.choice { try take(choice, into: &event) }
        if let error = chunk.error { throw faults.reported(error, model: model) }
        hasBegun = hasBegun || chunk.choice != nil
        // Some servers report running totals, and at the end a number less.
        if let more = chunk.usage.usage, more.completionTokens > 0 || usage == nil { usage = more }
        guard let reason = chunk.choice?.finishReason else { return }
        if Self.failures.contains(reason) {
            throw faults.reported(ErrorReport(codes: [reason]), model: model)
        }
        self.reason = reason
    }

    private mutating func take(_ choice: OpenAIChoice, into event: inout Inference.Event) throws {
        isWhole = isWhole || choice.isWhole
        event.reasoning.add(choice.reasoning)
        event.text.add(choice.text)
        event.refusal.add(choice.refusal)
        for piece in choice.calls { try take(piece, into: &event) }
        if let more = choice.logprobs { logprobs.append(more) }
        if choice.reasoning?.isEmpty == false { hasReasoning = true }
        if choice.text?.isEmpty == false || choice.refusal?.isEmpty == false || !calls.isEmpty { hasContent = true }
    }

    private mutating func take(_ piece: ToolCallIndexer.Piece, into event: inout Inference.Event) throws {
        opaqueBytes += (piece.id?.utf8.count ?? 0) + (piece.name?.utf8.count ?? 0)
        var piece = piece
        piece.name = piece.name.map(names.original)
        if let piece = calls.add(piece) { event.toolCalls = (event.toolCalls ?? []) + [piece] }
        guard calls.count <= Self.callLimit, opaqueBytes <= Self.opaqueLimit, calls.heldBytes <= limit else {
            throw faults.invalidResponse("more calls of tools than an answer can have")
        }
    }

    /// Takes the mark of the end; with content the answer is complete, although some servers omit the finish reason.
    private mutating func takeDone(_ event: inout Inference.Event) throws {
        guard reason != nil || hasContent || calls.hasHeldCalls else { throw faults.incompleteStream }
        try finish(&event)
    }

    private mutating func finish(_ event: inout Inference.Event) throws {
        let rest = calls.end()
        if !rest.isEmpty { event.toolCalls = (event.toolCalls ?? []) + rest }
        let reason = finishReason
        if !hasContent, !hasReasoning, reason == .stop || reason == .toolCalls {
            self.reason = nil
            throw calls.hasHeldCalls
                ? faults.modelFailed("The model called a tool without a name.") : faults.emptyAnswer
        }
        isOver = true
        event.finish = Inference.Finish(reason: reason, model: model, usage: usage)
    }

    private var finishReason: Inference.Finish.Reason {
        guard let reason else { return calls.isEmpty ? .stop : .toolCalls }
        if Self.lengths.contains(reason) { return .length }
        if Self.filters.contains(reason) { return .contentFilter }
        return calls.isEmpty ? .stop : .toolCalls
    }

    private static let lengths: Set<String> = ["length", "max_tokens", "model_length", "max_output_tokens"]
    private static let filters: Set<String> = ["content_filter", "safety", "sensitive", "recitation"]
    /// Finish reasons of answers that the server could not complete.
    private static let failures: Set<String> = ["error", "abort", "aborted", "insufficient_system_resource"]
}
