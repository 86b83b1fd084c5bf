import Bus
import Contracts
import ContractsJSON
import JSON
import NIOCore

/// What is to be kept of a call with `store: true`, as ``Conversations/Import`` has it.
///
/// Whether it can be kept is known before a model is asked.
struct StoredCompletion: Sendable {
    /// The most bytes of messages that are kept, without what stands in them as data.
    static let sizeLimit = 4 * 1024 * 1024

    /// The conversation's name, made here: a client learns it with the head, and what is kept twice is kept once.
    let id = Conversation.ID()
    /// The messages, as JSON.
    private let messages: ByteBuffer

    /// Throws ``OpenAIError/Parameter`` when they cannot be kept.
    init(_ messages: ByteBuffer) throws {
        var kept = ByteBuffer()
        var hasQuestion = false
        do {
            try messages.withUnsafeReadableBytes { bytes in
                var json = JSONScanner(bytes)
                try json.array { json in
                    let message = try Inference.Message(from: &json)
                    hasQuestion = hasQuestion || message.role != .assistant
                    kept.writeStaticString(kept.readableBytes == 0 ? "[" : ",")
                    kept.writeImmutableBuffer(BusCoding.write(message.withoutData))
                }
            }
        } catch is JSONScanner.Malformed {
            throw Self.refusal("Invalid 'store': a message cannot be read.")
        }
        kept.writeStaticString("]")
        guard hasQuestion else {
            throw Self.refusal(
                "Invalid 'store': nothing is asked in the messages, so there is no conversation to keep."
            )
        }
        guard kept.readableBytes <= Self.sizeLimit else {
            throw Self.refusal("Invalid 'store': messages of more than \(Self.sizeLimit) bytes are not kept.")
        }
        self.messages = kept
    }

    private static func refusal(_ message: String) -> OpenAIError.Parameter {
        OpenAIError.Parameter(param: "store", code: "invalid_value", message: message)
    }

    /// The JSON of a ``Conversations/Import``; without what is not kept of an answer.
    func encoded(_ answer: Inference.Answer) -> ByteBuffer {
        var answer = answer
        (answer.reasoning, answer.logprobs) = (nil, nil)
        var json = JSONWriter()
        json.object { json in
            json.field("id", id.description)
            json.raw("messages", messages)
            json.field("answer", answer)
        }
        return json.buffer
    }
}

/// The longest address of an image that is kept, in bytes.
private let addressLimit = 2048

extension Inference.Message {
    /// The same with images and recordings named by their kind alone, where they are data in the message itself.
    fileprivate var withoutData: Inference.Message {
        guard case .parts(let parts) = content else { return self }
        var message = self
        message.content = .parts(
            parts.map { part in
                var part = part
                part.audio?.data = ""
                if let url = part.image?.url, url.hasPrefix("data:") {
                    part.image?.url = String(url.prefix { $0 != "," }.prefix(128))
                } else if let url = part.image?.url, url.utf8.count > addressLimit {
                    // What is left of an address that is too long would be another one.
                    part.image?.url = ""
                }
                return part
            }
        )
        return message
    }
}
