import Bus
import Contracts
import ContractsJSON
import Foundation
import JSON
import NIOCore

/// A request for a generation.
///
/// Plain messages stay encoded, because most providers receive them unchanged.
struct GenerationRequest: Sendable {
    private(set) var model: String?
    /// A JSON array of ``Inference/Message``, validated.
    private(set) var messages = ByteBuffer()
    /// The decoded messages, if one of them has more than a role and a text.
    private(set) var parsedMessages: [Inference.Message]?
    private(set) var options = Inference.Options()
    /// The tools, the choice among them and the response format.
    private(set) var plan = ToolPlan()
    /// Validates the answer; `nil` if it is plain text.
    private(set) var formatValidator: FormatValidator?
    /// Whether all messages are instructions.
    private(set) var hasOnlyInstructions = false
    private(set) var gather: Duration?
    /// Requests of one session go to the same target while it is healthy.
    private(set) var session: String?
    /// Whether there is a message of any role; a model may reply to instructions alone.
    private(set) var hasMessages = false
    /// The abilities that a model needs for the request.
    private(set) var needs: [Model.Ability] = []
    /// The approximate size of the prompt, in bytes of text; an attachment counts as 4096 bytes.
    private(set) var promptBytes = 0
    /// The memory that the request occupies, in bytes.
    private(set) var size = 0

    /// Reads an ``Inference/Generate``, on a worker thread if it is large.
    ///
    /// Throws `invalid` with the reason.
    static func read(_ body: ByteBuffer) async throws -> GenerationRequest {
        try await WorkerThreads.run(inputBytes: body.readableBytes) { try GenerationRequest(body) }
    }

    /// Reads an ``Inference/Generate``.
    ///
    /// Throws `invalid` with the reason.
    init(_ body: ByteBuffer) throws {
        var members = Members()
        do {
            try read(body, &members)
        } catch {
            // Unusual or invalid input: the decoder accepts more, and reports the reason for an error.
            members = Members()
            try take(BusCoding.decode(Inference.Generate.self, from: body), &members)
        }
        try prepare(members)
    }

    init(_ request: Inference.Generate) throws {
        var members = Members()
        try take(request, &members)
        try prepare(members)
    }

    /// The members that ``plan`` contains.
    private struct Members {
        var tools: ByteBuffer?
        var toolChoice: ByteBuffer?
        var responseFormat: ByteBuffer?
    }

    /// Computes once what each attempt uses.
    private mutating func prepare(_ members: Members) throws(Fault) {
        plan = try ToolPlan(
            tools: members.tools,
            choice: members.toolChoice,
            format: members.responseFormat,
            allowsParallelCalls: options.parallelToolCalls
        )
        try StrictSchema.check(plan)
        formatValidator = FormatValidator(plan.format)
        let content = [messages, members.tools, members.toolChoice, members.responseFormat]
            .reduce(0) { $0 + ($1?.readableBytes ?? 0) }
        size = content + (parsedMessages == nil ? 0 : messages.readableBytes)
        parsedMessages = parsedMessages.map(ToolHistory.repaired)
        if let parsedMessages { hasOnlyInstructions = parsedMessages.allSatisfy(\.role.isInstruction) }
        let attachments = parsedMessages?.flatMap(\.attachments) ?? []
        needs = plan.mayCallTools ? [.tools] : []
        if attachments.contains(where: { $0.type == .image }) { needs.append(.images) }
        if attachments.contains(where: { $0.type == .audio }) { needs.append(.audio) }
        promptBytes =
            parsedMessages?.reduce(plan.declarations?.readableBytes ?? 0) { $0 + 16 + $1.text.utf8.count }
            .advanced(by: 4096 * attachments.count) ?? messages.readableBytes
    }

    /// The prompt for a model.
    func prompt(model: String, responseTimeout: Duration) -> Prompt {
        Prompt(
            model: model,
            messages: messages,
            parsedMessages: parsedMessages,
            options: options,
            plan: plan,
            hasOnlyInstructions: hasOnlyInstructions,
            responseTimeout: responseTimeout,
            gather: gather
        )
    }

    private mutating func take(_ request: Inference.Generate, _ members: inout Members) throws {
        model = request.model
        var list = ByteBuffer(string: "[")
        for (index, message) in request.messages.enumerated() {
            if index > 0 { list.writeStaticString(",") }
            list.writeImmutableBuffer(BusCoding.write(message))
        }
        list.writeStaticString("]")
        messages = list
        parsedMessages = request.messages.contains { !$0.isPlain } ? request.messages : nil
        hasOnlyInstructions = request.messages.allSatisfy(\.role.isInstruction)
        options = request.options
        members.tools = request.tools.map { ByteBuffer(string: $0.text) }
        members.toolChoice = request.toolChoice.map { ByteBuffer(string: $0.text) }
        members.responseFormat = request.responseFormat.map { ByteBuffer(string: $0.text) }
        gather = request.gatherMilliseconds.map { .milliseconds($0) }
        session = request.session
        hasMessages = !request.messages.isEmpty
    }

    private mutating func read(_ body: ByteBuffer, _ members: inout Members) throws {
        try body.withUnsafeReadableBytes { bytes in
            _ = try UTF8Span(validating: bytes.bindMemory(to: UInt8.self).span)
            var json = JSONScanner(bytes)
            try json.object { name, json in
                switch name {
                case "model": model = try json.string()
                case "options": options = try Inference.Options(from: &json)
                case "gatherMilliseconds": gather = .milliseconds(try json.int())
                case "session": session = try json.string()
                case "messages":
                    let raw = try json.raw()
                    messages = slice(raw, of: body)
                    try validate(UnsafeRawBufferPointer(rebasing: raw))
                case "tools": members.tools = slice(try json.raw(), of: body)
                case "toolChoice": members.toolChoice = slice(try json.raw(), of: body)
                case "responseFormat": members.responseFormat = slice(try json.raw(), of: body)
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

    /// Validates the messages; decodes them only if one of them has more than a role and a text.
    private mutating func validate(_ bytes: UnsafeRawBufferPointer) throws {
        var json = JSONScanner(bytes)
        var isPlain = true
        hasOnlyInstructions = true
        do {
            try json.array { try validate(message: &$0) }
        } catch {
            isPlain = false
        }
        guard !isPlain else { return }
        json = JSONScanner(bytes)
        let messages: [Inference.Message] = try json.list()
        parsedMessages = messages
        hasMessages = !messages.isEmpty
    }

    /// Validates a message that has a role and a text and nothing else.
    private mutating func validate(message json: inout JSONScanner) throws {
        var (hasRole, hasContent) = (false, false)
        try json.object { name, json in
            switch name {
            case "role":
                let role: Inference.Message.Role = try json.word()
                guard role != .tool, role != .developer else { throw JSONScanner.Malformed() }
                hasRole = true
                hasMessages = true
                hasOnlyInstructions = hasOnlyInstructions && role.isInstruction
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
    /// Whether the message has a role and a text and nothing else, so that every provider accepts it unchanged.
    fileprivate var isPlain: Bool {
        guard case .text = content, role != .tool, role != .developer else { return false }
        return toolCalls == nil && toolCallID == nil && name == nil && metadata == nil
            && reasoning == nil && parts == nil && model == nil
    }
}
