import Contracts
import JSON
import NIOCore

/// Reads Gemini's stream: chunks as server-sent events, or as one array of JSON where a proxy dropped `alt=sse`.
///
/// There is no word that ends the stream. The body's end does, and the answer is whole when a chunk before it said why
/// the model stopped. What comes after that word, such as a signature or the count of tokens, still counts.
struct GeminiDecoder: AnswerDecoder {
    /// The longest chunk in bytes.
    static let limit = 8 * 1024 * 1024
    /// How many bytes what is no text may have in one answer: names, ids, signatures.
    private static let opaqueLimit = 4 * 1024 * 1024
    private static let callLimit = 1000

    private let name: String
    private let model: String
    private let faults: ProviderFaults
    private var stream = ServerSentEventParser(limit: limit)
    private var objects = JSONObjectSplitter(limit: limit)
    private var calls = ToolCallIndexer()
    private var ids: Set<String> = []
    private var callCount = 0
    private var opaqueBytes = 0
    private var signature: String?
    private var usage: Usage?
    private var reason: Inference.Finish.Reason?
    private var hasBegun = false

    /// - Parameters:
    ///   - name: the model's full name.
    ///   - model: its name at Gemini.
    ///   - faults: what the provider's faults are called.
    init(name: String, model: String, faults: ProviderFaults) {
        self.name = name
        self.model = model
        self.faults = faults
    }

    var isAwaitingTrailer: Bool { reason != nil }

    mutating func read(_ bytes: ByteBuffer, into event: inout Inference.Event) throws {
        do {
            for item in try stream.append(bytes) { try take(item, into: &event) }
        } catch is JSONLines.TooLong {
            throw faults.invalidResponse("more than \(Self.limit) bytes at once")
        } catch is JSONScanner.Malformed {
            throw faults.invalidResponse("something that is not JSON")
        }
    }

    mutating func end(into event: inout Inference.Event) throws {
        // What is left is whole but for the line that would have ended it, or was cut and says nothing.
        do {
            for item in stream.end() { try take(item, into: &event) }
        } catch is JSONLines.TooLong {
        } catch is JSONScanner.Malformed {}
        guard let reason else { return }
        event.finish = Inference.Finish(
            reason: reason == .stop && !calls.isEmpty ? .toolCalls : reason,
            model: name,
            usage: usage,
            metadata: signature.map(GeminiSignature.metadata)
        )
    }

    private mutating func take(_ item: ServerSentEventParser.Item, into event: inout Inference.Event) throws {
        switch item {
        case .data(let data): if data.readableBytes > 0 { try take(data, into: &event) }
        case .stray(let line): for object in try objects.append(line) { try take(object, into: &event) }
        }
    }

    private mutating func take(_ data: ByteBuffer, into event: inout Inference.Event) throws {
        // Proxies that speak other dialects as well may say it.
        if data.readableBytesView.elementsEqual("[DONE]".utf8) { return }
        let chunk = try GeminiChunk(data)
        if let error = chunk.error { throw fault(error) }
        for part in chunk.parts { try take(part, into: &event) }
        usage = chunk.usage ?? usage
        if let blockReason = chunk.blockReason {
            try take(GeminiFinishReason(blockReason: blockReason, message: chunk.blockMessage), into: &event)
        }
        if let finishReason = chunk.finishReason, finishReason != "FINISH_REASON_UNSPECIFIED" {
            try take(GeminiFinishReason(finishReason: finishReason, message: chunk.finishMessage), into: &event)
        }
    }

    private mutating func take(_ part: GeminiChunk.Part, into event: inout Inference.Event) throws {
        if let call = part.call {
            try take(call, signature: part.signature, into: &event)
        } else {
            if part.isThought { event.reasoning.add(part.text) } else { event.text.add(part.text) }
            if let signature = part.signature, !signature.isEmpty {
                try count(signature)
                self.signature = signature
            }
        }
        hasBegun = hasBegun || part.call != nil || part.text?.isEmpty == false
    }

    private mutating func take(
        _ call: GeminiChunk.Call,
        signature: String?,
        into event: inout Inference.Event
    ) throws {
        guard let name = call.name, !name.isEmpty else {
            throw fluke("The model called a tool without saying which.")
        }
        callCount += 1
        guard callCount <= Self.callLimit else {
            throw faults.invalidResponse("more than \(Self.callLimit) calls of tools")
        }
        try count(name)
        try count(call.id ?? "")
        try count(signature ?? "")
        // Each call comes whole: one with an id that was there before is another call all the same.
        let id = call.id.flatMap { ids.insert($0).inserted ? $0 : nil }
        let piece = calls.piece(
            index: callCount,
            id: id,
            name: name,
            arguments: call.arguments,
            metadata: signature.flatMap { $0.isEmpty ? nil : GeminiSignature.metadata($0) }
        )
        event.toolCalls = (event.toolCalls ?? []) + [piece]
    }

    private mutating func take(_ ending: GeminiFinishReason, into event: inout Inference.Event) throws {
        switch ending {
        case .finish(let reason, let refusal):
            if self.reason == nil { event.refusal.add(refusal) }
            self.reason = reason
        case .fluke(let sentence): throw fluke(sentence)
        case .rejected(let sentence):
            throw ProviderError(Fault(.rejected, "\(faults.name) did not take the request: \(sentence)"), .none)
        }
    }

    /// Bounds what nobody else counts.
    private mutating func count(_ text: String) throws {
        opaqueBytes += text.utf8.count
        guard opaqueBytes <= Self.opaqueLimit else {
            throw faults.invalidResponse("more than \(Self.opaqueLimit) bytes of names and signatures")
        }
    }

    private func fluke(_ sentence: String) -> ProviderError {
        var error = faults.said(sentence)
        error.isModelError = true
        return error
    }

    /// An error instead of an answer is one like any other; within an answer it ends it.
    private func fault(_ error: GeminiErrorBody) -> ProviderError {
        hasBegun ? faults.said(error.message ?? "") : faults.refused(error.refusal(status: nil), model: model)
    }
}
