import Bus
import Contracts
import ContractsJSON
import JSON
import NIOCore

/// A completion with `store: true`, encoded as ``Conversations/Import``.
///
/// Validated before the model is asked.
struct StoredCompletion: Sendable {
    /// Maximum size of the stored messages, without inline data, in bytes.
    static let sizeLimit = 4 * 1024 * 1024

    /// The conversation's identifier.
    ///
    /// Created here, so that the client gets it with the response head, and storing is idempotent.
    let id = Conversation.ID()
    /// The messages as JSON.
    private let messages: ByteBuffer

    /// Throws ``OpenAIError/Parameter`` if the messages cannot be stored.
    init(_ messages: ByteBuffer) throws {
        var encodedMessages = ByteBuffer()
        var hasQuestion = false
        do {
            try messages.withUnsafeReadableBytes { bytes in
                var json = JSONScanner(bytes)
                try json.array { json in
                    let message = try Inference.Message(from: &json)
                    hasQuestion = hasQuestion || message.role != .assistant
                    encodedMessages.writeStaticString(encodedMessages.readableBytes == 0 ? "[" : ",")
                    encodedMessages.writeImmutableBuffer(BusCoding.write(message.withoutData))
                }
            }
        } catch is JSONScanner.Malformed {
            throw Self.refusal("Invalid 'store': a message is malformed.")
        }
        encodedMessages.writeStaticString("]")
        guard hasQuestion else {
            throw Self.refusal(
                "Invalid 'store': the messages contain no message of a user, so there is no conversation to store."
            )
        }
        guard encodedMessages.readableBytes <= Self.sizeLimit else {
            throw Self.refusal("Invalid 'store': messages of more than \(Self.sizeLimit) bytes cannot be stored.")
        }
        self.messages = encodedMessages
    }

    private static func refusal(_ message: String) -> OpenAIError.Parameter {
        OpenAIError.Parameter(param: "store", code: "invalid_value", message: message)
    }

    /// Returns the JSON of a ``Conversations/Import``, without the parts of the answer that are not stored.
    func encoded(_ answer: Inference.Answer) -> ByteBuffer {
        var answer = answer
        (answer.reasoning, answer.parts, answer.logprobs) = (nil, nil, nil)
        var json = JSONWriter()
        json.object { json in
            json.field("id", id.description)
            json.raw("messages", messages)
            json.field("answer", answer)
        }
        return json.buffer
    }
}

/// Maximum length of a stored image URL, in bytes.
private let addressLimit = 2048

extension Inference.Message {
    /// The message without inline data: only the media type of images and recordings is stored.
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
                    // A truncated URL would be a different URL.
                    part.image?.url = ""
                }
                return part
            }
        )
        return message
    }
}
