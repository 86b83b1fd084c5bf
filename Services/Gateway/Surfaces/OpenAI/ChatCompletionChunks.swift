import Bus
import Contracts
import ContractsJSON
import JSON
import NIOCore

/// Encodes the events of a generation as `chat.completion.chunk`.
///
/// The JSON string of a text event is copied without decoding.
struct ChatCompletionChunks {
    /// The start of each chunk up to its choices, once the model is known.
    private var beginning = ByteBuffer()
    private(set) var model = ""
    /// The end of the generation, once it has arrived.
    private(set) var finish: Inference.Finish?
    /// Size of the text so far, in bytes, for estimating tokens if the provider reports no usage.
    private(set) var byteCount = 0
    private let includesUsage: Bool
    private let id: String
    private let created: Int64
    private var hasRole = false
    /// The parts, once the provider has numbered one.
    private var parts: AnswerParts?
    /// Whether the last chunk was encoded.
    var isFinished: Bool { finish != nil }

    init(includesUsage: Bool, id: String = ChatCompletionID.new(), now: Timestamp = .now()) {
        self.includesUsage = includesUsage
        self.id = id
        created = now.microseconds / 1_000_000
    }

    /// Returns the chunks of the events, including the last one and `[DONE]` if the generation ended.
    mutating func frames(of events: [ByteBuffer]) throws -> ByteBuffer {
        var frames = ByteBuffer()
        for event in events where !isFinished {
            let isText = try event.withUnsafeReadableBytes { try writeText($0, to: &frames) }
            if !isText { try write(BusCoding.decode(Inference.Event.self, from: event), to: &frames) }
        }
        return frames
    }

    /// Writes an event that contains only text; returns `false` for any other.
    private mutating func writeText(_ bytes: UnsafeRawBufferPointer, to frames: inout ByteBuffer) throws -> Bool {
        guard beginning.readableBytes > 0, bytes.starts(with: "{\"text\":".utf8) else { return false }
        let text = UnsafeRawBufferPointer(rebasing: bytes.dropFirst(8))
        var json = JSONScanner(text)
        let raw = try json.raw()
        // The object must end after the string.
        guard text.count == raw.count + 1, text.last == UInt8(ascii: "}") else { return false }
        byteCount += raw.count - 2
        if parts != nil { parts?.add(Inference.Event(text: try Self.text(raw))) }
        begin(&frames)
        frames.writeStaticString("\"content\":")
        frames.writeBytes(raw)
        end(&frames)
        return true
    }

    private static func text(_ raw: UnsafeRawBufferPointer.SubSequence) throws -> String {
        var json = JSONScanner(UnsafeRawBufferPointer(rebasing: raw))
        return try json.string()
    }

    private mutating func write(_ event: Inference.Event, to frames: inout ByteBuffer) {
        if let begin = event.begin { prepare(model: begin.model) }
        if parts == nil, event.part != nil { parts = AnswerParts() }
        parts?.add(event)
        let logprobs = event.logprobs
        if let text = event.reasoning { write("reasoning_content", text, to: &frames) }
        if let text = event.text { write("content", text, logprobs, to: &frames) }
        if let text = event.refusal { write("refusal", text, to: &frames) }
        if let calls = event.toolCalls { write(calls, to: &frames) }
        guard let finish = event.finish else { return }
        if beginning.readableBytes == 0 { prepare(model: finish.model) }
        self.finish = finish
        let metadata = AnswerMetadata.extraContent(of: finish, parts: parts?.parts)
        begin(&frames, hasMember: metadata != nil)
        if let metadata { frames.writeString("\"extra_content\":\(metadata.text)") }
        frames.writeString("},\"logprobs\":null,\"finish_reason\":\"\(finish.reason.rawValue)\"")
        if let verdict = finish.format {
            var json = JSONWriter()
            json.verdict(verdict)
            frames.writeStaticString(",\"format_verdict\":")
            frames.writeImmutableBuffer(json.buffer)
        }
        frames.writeStaticString("}]}\n\n")
        if includesUsage, let usage = finish.usage { write(usage, to: &frames) }
        frames.writeStaticString("data: [DONE]\n\n")
    }

    private mutating func prepare(model: String) {
        self.model = model
        beginning.clear()
        beginning.writeString(
            "data: {\"id\":\"\(id)\",\"object\":\"chat.completion.chunk\",\"created\":\(created),\"model\":"
        )
        JSONText.write(model, to: &beginning)
        if includesUsage { beginning.writeStaticString(",\"usage\":null") }
        beginning.writeStaticString(",\"choices\":")
    }

    /// Writes the start of a chunk up to its delta's member; the first chunk contains the role.
    private mutating func begin(_ frames: inout ByteBuffer, hasMember: Bool = true) {
        frames.writeImmutableBuffer(beginning)
        frames.writeStaticString("[{\"index\":0,\"delta\":{")
        guard !hasRole else { return }
        hasRole = true
        frames.writeStaticString("\"role\":\"assistant\"")
        if hasMember { frames.writeStaticString(",") }
    }

    private func end(_ frames: inout ByteBuffer) {
        frames.writeStaticString("},\"logprobs\":null,\"finish_reason\":null}]}\n\n")
    }

    private mutating func write(
        _ name: StaticString,
        _ text: String,
        _ logprobs: RawJSON? = nil,
        to frames: inout ByteBuffer
    ) {
        byteCount += text.utf8.count
        begin(&frames)
        frames.writeStaticString("\"")
        frames.writeStaticString(name)
        frames.writeStaticString("\":")
        JSONText.write(text, to: &frames)
        guard let logprobs else { return end(&frames) }
        frames.writeString(
            "},\"logprobs\":{\"content\":\(logprobs.text),\"refusal\":null},\"finish_reason\":null}]}\n\n"
        )
    }

    private mutating func write(_ calls: [Inference.ToolCallDelta], to frames: inout ByteBuffer) {
        byteCount += calls.reduce(0) { $0 + ($1.name?.utf8.count ?? 0) + ($1.arguments?.utf8.count ?? 0) }
        begin(&frames)
        var json = JSONWriter()
        json.objects(calls) { json, call in
            json.field("index", call.index)
            if let id = call.id {
                json.field("id", id)
                json.field("type", "function")
            }
            json.object("function") { json in
                if let name = call.name { json.field("name", name) }
                if let arguments = call.arguments ?? (call.id == nil ? nil : "") { json.field("arguments", arguments) }
            }
            if let metadata = call.metadata { json.field("extra_content", metadata) }
        }
        frames.writeStaticString("\"tool_calls\":")
        frames.writeImmutableBuffer(json.buffer)
        end(&frames)
    }

    /// Writes the chunk with the usage and without a choice.
    private func write(_ usage: Usage, to frames: inout ByteBuffer) {
        var json = JSONWriter()
        json.object { json in
            json.field("id", id)
            json.field("object", "chat.completion.chunk")
            json.field("created", Int(created))
            json.field("model", model)
            json.objects("choices", [Usage]()) { _, _ in }
            json.usage(usage)
        }
        frames.writeStaticString("data: ")
        frames.writeImmutableBuffer(json.buffer)
        frames.writeStaticString("\n\n")
    }

    /// The last frame after an error; no `[DONE]` follows it.
    static func frame(of fault: Fault) -> ByteBuffer {
        var json = JSONWriter()
        OpenAIError(fault).write(to: &json)
        var frame = ByteBuffer(string: "data: ")
        frame.writeImmutableBuffer(json.buffer)
        frame.writeStaticString("\n\n")
        return frame
    }
}
