import Contracts
import JSON
import NIOCore

/// Decodes Gemini's stream: server-sent events, or one JSON array if a proxy dropped `alt=sse`.
///
/// The stream ends with the body. The answer is complete if an earlier chunk contained a finish reason. Signatures and
/// usage may follow the finish reason.
struct GeminiDecoder: AnswerDecoder {
    /// Maximum size of all names, identifiers and signatures of an answer, in bytes.
    private static let opaqueLimit = 4 * 1024 * 1024
    private static let callLimit = 1000

    private let name: String
    private let model: String
    private let names: ToolNames
    private let faults: ProviderFaults
    private let limit: Int
    private var stream: ServerSentEventParser
    private var objects: JSONObjectSplitter
    private var calls = ToolCallIndexer()
    private var ids: Set<String> = []
    private var callCount = 0
    private var opaqueBytes = 0
    private var signature: String?
    private var usage: Usage?
    private var reason: Inference.Finish.Reason?
    /// Whether anything was said, so that a finish reason is an end.
    private var hasContent = false
    private var hasRefusal = false

    /// - Parameters:
    /// - name: the model's name with its provider.
    /// - model: the model's name without the provider.
    /// - names: the names of the tools in the request.
    /// - limit: the maximum size of a chunk, in bytes.
    /// - faults: creates the provider's errors.
    init(
        name: String,
        model: String,
        names: ToolNames = ToolNames(),
        limit: Int = GenerationTimeouts.defaultEventBytes,
        faults: ProviderFaults
    ) {
        self.limit = limit
        stream = ServerSentEventParser(limit: limit)
        objects = JSONObjectSplitter(limit: limit)
        self.name = name
        self.model = model
        self.names = names
        self.faults = faults
    }

    /// Gemini also sends finish reasons in chunks before the answer begins.
    var isAwaitingTrailer: Bool { reason != nil && hasContent }

    mutating func read(_ bytes: ByteBuffer, into event: inout Inference.Event) throws {
        do {
            for item in try stream.append(bytes) { try take(item, into: &event) }
        } catch is JSONLines.TooLong {
            throw faults.eventTooLong(limit: limit)
        } catch is JSONScanner.Malformed {
            throw faults.invalidResponse("something that is not JSON")
        }
    }

    mutating func end(into event: inout Inference.Event) throws {
        // The rest is a complete event without a final line break, or incomplete and ignored.
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
        case .failure(let data, let status):
            throw faults.reported(ErrorBody.report(of: data, status: status), model: model)
        case .stray(let line): for object in try objects.append(line) { try take(object, into: &event) }
        }
    }

    private mutating func take(_ data: ByteBuffer, into event: inout Inference.Event) throws {
        // Proxies that also support other APIs may send it.
        if data.readableBytesView.elementsEqual("[DONE]".utf8) { return }
        let chunk = try GeminiChunk(data)
        if let error = chunk.error { throw fault(error) }
        if let error = chunk.otherError { throw faults.reported(error, model: model) }
        for part in chunk.parts { try take(part, into: &event) }
        usage = chunk.usage ?? usage
        if let blockReason = chunk.blockReason {
            try take(GeminiFinishReason(blockReason: blockReason, message: chunk.blockMessage, faults), into: &event)
        }
        if let finishReason = chunk.finishReason, finishReason != "FINISH_REASON_UNSPECIFIED" {
            try take(GeminiFinishReason(finishReason: finishReason, message: chunk.finishMessage, faults), into: &event)
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
        hasContent = hasContent || part.call != nil || part.text?.isEmpty == false
    }

    private mutating func take(
        _ call: GeminiChunk.Call,
        signature: String?,
        into event: inout Inference.Event
    ) throws {
        guard let name = call.name, !name.isEmpty else {
            throw modelError("The model called a tool without a name.")
        }
        callCount += 1
        guard callCount <= Self.callLimit else {
            throw faults.invalidResponse("more than \(Self.callLimit) calls of tools")
        }
        try count(name)
        try count(call.id ?? "")
        try count(signature ?? "")
        // Each call is complete, so a repeated identifier belongs to another call.
        let id = call.id.flatMap { ids.insert($0).inserted ? $0 : nil }
        let piece = calls.whole(
            id: id,
            name: names.original(name),
            arguments: call.arguments,
            metadata: signature.flatMap { $0.isEmpty ? nil : GeminiSignature.metadata($0) }
        )
        event.toolCalls = (event.toolCalls ?? []) + [piece]
    }

    private mutating func take(_ ending: GeminiFinishReason, into event: inout Inference.Event) throws {
        switch ending {
        case .finish(let reason, let refusal):
            if let refusal, !hasRefusal {
                event.refusal.add(refusal)
                (hasRefusal, hasContent) = (true, true)
            }
            self.reason = reason
        case .modelError(let message): throw modelError(message)
        case .rejected(let sentence):
            throw ProviderError(.rejected, Fault(.rejected, "\(faults.name) rejected the request: \(sentence)"))
        }
    }

    /// Counts bytes that are not part of the answer's text.
    private mutating func count(_ text: String) throws {
        opaqueBytes += text.utf8.count
        guard opaqueBytes <= Self.opaqueLimit else {
            throw faults.invalidResponse("more than \(Self.opaqueLimit) bytes of names and signatures")
        }
    }

    private func modelError(_ message: String) -> ProviderError {
        faults.modelFailed(message)
    }

    /// The error for an error object: instead of an answer, or within one.
    private func fault(_ error: GeminiErrorBody) -> ProviderError {
        faults.reported(error.report(status: nil), model: model)
    }
}
