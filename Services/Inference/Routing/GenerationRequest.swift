import Bus
import Contracts
import Foundation
import NIOCore

/// A generation as it was asked for; the messages, nearly all there is of it, stay the bytes that they came as.
struct GenerationRequest: Sendable {
    private(set) var model: String?
    /// An array of ``Inference/Message`` as JSON, looked over.
    private(set) var messages = ByteBuffer()
    private(set) var options = Inference.Options()
    private(set) var gather: Duration?
    /// Whether there is a message of anybody but the house.
    private(set) var hasQuestion = false

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

    private mutating func take(_ request: Inference.Generate) throws {
        model = request.model
        messages = try BusCoding.encode(request.messages)
        options = request.options
        gather = request.gatherMilliseconds.map { .milliseconds($0) }
        hasQuestion = request.messages.contains { $0.role != .system }
    }

    private mutating func read(_ body: ByteBuffer) throws {
        try body.withUnsafeReadableBytes { bytes in
            _ = try UTF8Span(validating: bytes.bindMemory(to: UInt8.self).span)
            var json = JSONScanner(bytes)
            try json.object { name, json in
                switch name {
                case "model": model = try json.string()
                case "options":
                    options = try JSONDecoder().decode(Inference.Options.self, from: Data(try json.raw()))
                case "gatherMilliseconds": gather = .milliseconds(try json.number())
                case "messages":
                    let raw = try json.raw()
                    try look(at: UnsafeRawBufferPointer(rebasing: raw))
                    let slice = body.getSlice(at: body.readerIndex + raw.startIndex, length: raw.count)
                    messages = slice ?? ByteBuffer()
                default: throw JSONScanner.Malformed()
                }
            }
            try json.end()
        }
        guard messages.readableBytes > 0 else { throw JSONScanner.Malformed() }
    }

    /// Wants messages and nothing else, without taking them in.
    private mutating func look(at bytes: UnsafeRawBufferPointer) throws {
        var json = JSONScanner(bytes)
        try json.array { json in
            var (hasRole, hasContent) = (false, false)
            try json.object { name, json in
                switch name {
                case "role":
                    let role: Inference.Message.Role = try json.word()
                    hasRole = true
                    if role != .system { hasQuestion = true }
                case "content":
                    try json.skipString()
                    hasContent = true
                default: throw JSONScanner.Malformed()
                }
            }
            guard hasRole, hasContent else { throw JSONScanner.Malformed() }
        }
    }
}
