import Contracts
import ContractsJSON
import JSON
import NIOCore

/// Validates the messages of a request; messages with only a role and a text are not decoded.
enum ChatMessageValidator {
    private static let countLimit = 10_000
    private static let roles = "'system', 'assistant', 'user', 'tool', and 'developer'"

    /// The size at which an attachment is counted, in bytes of text.
    private static let attachmentBytes = 4096

    /// Returns the estimated size of the text, in bytes.
    ///
    /// Throws ``OpenAIError/Parameter`` with the index of an invalid message.
    static func check(_ messages: ByteBuffer) throws -> Int {
        try messages.withUnsafeReadableBytes { bytes in
            var json = JSONScanner(bytes)
            guard json.kind == .array else {
                throw ParameterReader.wrongType("messages", "an array of objects", json.kind.phrase)
            }
            var count = 0
            var size = 0
            try json.array { json in
                size += try check(&json, index: count)
                count += 1
            }
            guard count > 0 else {
                throw OpenAIError.Parameter(
                    param: "messages",
                    code: "empty_array",
                    message: "Invalid 'messages': empty array. Expected an array with minimum length 1, "
                        + "but got an empty array instead."
                )
            }
            guard count <= countLimit else {
                throw OpenAIError.Parameter(
                    param: "messages",
                    code: "array_above_max_length",
                    message: "Invalid 'messages': array too long. Expected an array with maximum length \(countLimit), "
                        + "but got an array with length \(count) instead."
                )
            }
            return size
        }
    }

    private static func check(_ json: inout JSONScanner, index: Int) throws -> Int {
        let place = { "messages[\(index)]" }
        guard json.kind == .object else {
            throw ParameterReader.wrongType(place(), "an object", json.kind.phrase)
        }
        let raw = UnsafeRawBufferPointer(rebasing: try json.raw())
        guard try !isPlain(raw) else { return raw.count }
        var message = JSONScanner(raw)
        try check(&message, at: place())
        // Decoded here, so that an error has the words of OpenAI's API and not those of inference-svc.
        message = JSONScanner(raw)
        do {
            let read = try Inference.Message(from: &message)
            guard read.role != .tool || read.toolCallID != nil else {
                throw ParameterReader.missing("\(place()).tool_call_id")
            }
            return 16 + read.text.utf8.count + attachmentBytes * read.attachments.count
        } catch is JSONScanner.Malformed {
            throw OpenAIError.Parameter(
                param: place(),
                code: "invalid_value",
                message:
                    "Invalid '\(place())': a part of its content or a call of a tool lacks a member or has a wrong one."
            )
        }
    }

    /// Whether a message has a role that needs no other member, a text, and no other member.
    private static func isPlain(_ bytes: UnsafeRawBufferPointer) throws -> Bool {
        var json = JSONScanner(bytes)
        var (hasRole, hasText, isPlain) = (false, false, true)
        try json.object { name, json in
            switch name {
            case "role" where json.kind == .text:
                let role = try json.raw()
                hasRole = ["\"user\"", "\"assistant\"", "\"system\""].contains { role.elementsEqual($0.utf8) }
            case "content" where json.kind == .text:
                hasText = true
                try json.skip()
            default:
                isPlain = false
                try json.skip()
            }
        }
        return isPlain && hasRole && hasText
    }

    private static func check(_ json: inout JSONScanner, at place: String) throws {
        var role: Inference.Message.Role?
        var hasContent = false
        try json.object { name, json in
            switch name {
            case "role":
                guard json.kind == .text else {
                    throw ParameterReader.wrongType("\(place).role", "a string", json.kind.phrase)
                }
                let word = try json.string()
                role = Inference.Message.Role(rawValue: word)
                guard role != nil else { throw ParameterReader.invalid("\(place).role", word, roles) }
            case "content":
                guard [.text, .array, .null].contains(json.kind) else {
                    throw ParameterReader.wrongType(
                        "\(place).content",
                        "one of a string or array of objects",
                        json.kind.phrase
                    )
                }
                hasContent = json.kind != .null
                try json.skip()
            default: try json.skip()
            }
        }
        guard let role else { throw ParameterReader.missing("\(place).role") }
        guard hasContent || role == .assistant else { throw ParameterReader.missing("\(place).content") }
    }
}
