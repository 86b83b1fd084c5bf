import Bus
import Contracts
import ContractsJSON
import Foundation
import JSON
import NIOCore

/// A generation as it was asked for; the messages, nearly all there is of it, stay the bytes that they came as.
struct GenerationRequest: Sendable {
    private(set) var model: String?
    /// An array of ``Inference/Message`` as JSON, looked over.
    private(set) var messages = ByteBuffer()
    /// The messages read, when one of them holds more than a role and a text.
    private(set) var parsedMessages: [Inference.Message]?
    private(set) var options = Inference.Options()
    private(set) var tools: ByteBuffer?
    private(set) var toolChoice: ByteBuffer?
    private(set) var responseFormat: ByteBuffer?
    private(set) var gather: Duration?
    /// Whether there is a message, whoever's it is: a model may be asked by instructions alone.
    private(set) var hasMessages = false

    /// Reads an ``Inference/Generate``.
    ///
    /// Throws `invalid` with what is wrong.
    init(_ body: ByteBuffer) throws {
        do {
            try read(body)
        } catch {
            // A form that is rare, or wrong: the decoder takes more, and can say why not.
            try take(BusCoding.decode(Inference.Generate.self, from: body))
        }
    }

    init(_ request: Inference.Generate) throws {
        try take(request)
    }

    /// What of the models' abilities the request needs.
    var needs: [Model.Ability] {
        var needs: [Model.Ability] = mayCallTools ? [.tools] : []
        let attachments = parsedMessages?.flatMap(\.attachments) ?? []
        if attachments.contains(where: { $0.type == .image }) { needs.append(.images) }
        if attachments.contains(where: { $0.type == .audio }) { needs.append(.audio) }
        return needs
    }

    /// Whether there is a tool, and leave to call it.
    private var mayCallTools: Bool {
        guard let tools, toolChoice.map({ String(buffer: $0) }) != "\"none\"" else { return false }
        return !["[]", "null"].contains(String(buffer: tools).filter { !$0.isWhitespace })
    }

    /// About how many bytes of text a model is shown; what is no text counts as so many.
    var promptBytes: Int {
        guard let parsedMessages else { return messages.readableBytes }
        return parsedMessages.reduce(tools?.readableBytes ?? 0) {
            $0 + 16 + $1.text.utf8.count + 4096 * $1.attachments.count
        }
    }

    /// What a model of a provider is asked.
    func prompt(model: String, responseTimeout: Duration, isUnary: Bool) -> Prompt {
        Prompt(
            model: model,
            messages: messages,
            parsedMessages: parsedMessages,
            options: options,
            tools: tools,
            toolChoice: toolChoice,
            responseFormat: responseFormat,
            responseTimeout: responseTimeout,
            gather: gather,
            isUnary: isUnary
        )
    }

    private mutating func take(_ request: Inference.Generate) throws {
        model = request.model
        var list = ByteBuffer(string: "[")
        for (index, message) in request.messages.enumerated() {
            if index > 0 { list.writeStaticString(",") }
            list.writeImmutableBuffer(BusCoding.write(message))
        }
        list.writeStaticString("]")
        messages = list
        parsedMessages = request.messages.contains { !$0.isPlain } ? request.messages : nil
        options = request.options
        tools = request.tools.map { ByteBuffer(string: $0.text) }
        toolChoice = request.toolChoice.map { ByteBuffer(string: $0.text) }
        responseFormat = request.responseFormat.map { ByteBuffer(string: $0.text) }
        gather = request.gatherMilliseconds.map { .milliseconds($0) }
        hasMessages = !request.messages.isEmpty
    }

    private mutating func read(_ body: ByteBuffer) throws {
        try body.withUnsafeReadableBytes { bytes in
            _ = try UTF8Span(validating: bytes.bindMemory(to: UInt8.self).span)
            var json = JSONScanner(bytes)
            try json.object { name, json in
                switch name {
                case "model": model = try json.string()
                case "options": options = try Inference.Options(from: &json)
                case "gatherMilliseconds": gather = .milliseconds(try json.int())
                case "messages":
                    let raw = try json.raw()
                    messages = slice(raw, of: body)
                    try look(at: UnsafeRawBufferPointer(rebasing: raw))
                case "tools": tools = slice(try json.raw(), of: body)
                case "toolChoice": toolChoice = slice(try json.raw(), of: body)
                case "responseFormat": responseFormat = slice(try json.raw(), of: body)
                default: throw JSONScanner.Malformed()
                }
            }
            try json.end()
        }
        guard messages.readableBytes > 0 else { throw JSONScanner.Malformed() }
    }

    private func slice(_ raw: UnsafeRawBufferPointer.SubSequence, of body: ByteBuffer) -> ByteBuffer {
        body.getSlice(at: body.readerIndex + raw.startIndex, length: raw.count) ?? ByteBuffer()
    }

    /// Wants messages and nothing else, without taking them in unless they are elaborate.
    private mutating func look(at bytes: UnsafeRawBufferPointer) throws {
        var json = JSONScanner(bytes)
        var isPlain = true
        do {
            try json.array { try look(atMessage: &$0) }
        } catch {
            isPlain = false
        }
        guard !isPlain else { return }
        json = JSONScanner(bytes)
        let messages: [Inference.Message] = try json.list()
        parsedMessages = messages
        hasMessages = !messages.isEmpty
    }

    /// Wants a message of a role and a text.
    private mutating func look(atMessage json: inout JSONScanner) throws {
        var (hasRole, hasContent) = (false, false)
        try json.object { name, json in
            switch name {
            case "role":
                let role: Inference.Message.Role = try json.word()
                guard role != .tool, role != .developer else { throw JSONScanner.Malformed() }
                hasRole = true
                hasMessages = true
            case "content":
                try json.skipString()
                hasContent = true
            default: throw JSONScanner.Malformed()
            }
        }
        guard hasRole, hasContent else { throw JSONScanner.Malformed() }
    }
}

extension Inference.Message {
    /// Whether it is a role and a text, which every provider takes as it is.
    fileprivate var isPlain: Bool {
        guard case .text = content, role != .tool, role != .developer else { return false }
        return toolCalls == nil && toolCallID == nil && name == nil && metadata == nil
    }
}
