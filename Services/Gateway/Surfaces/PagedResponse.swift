import Contracts
import HTTP
import JSON
import Logging
import NIOCore
import NIOHTTP1

/// Encodes the items of a list, in order.
protocol ListEncoder<Item>: Sendable {
    associatedtype Item: Codable & Sendable

    /// Writes the next items, with the commas between them.
    mutating func write(_ items: [Item], to json: inout ByteBuffer)
    /// Writes what is left after the last item: at least the end of the list.
    mutating func finish(_ json: inout ByteBuffer)
}

/// A JSON response with a list that is read page by page.
///
/// A list of one page is a whole body. A longer one is a stream of pages, so that its length does not determine the memory
/// of the gateway.
enum PagedResponse {
    /// Returns a response whose body is what `json` contains, followed by the list.
    ///
    /// `next` returns the page that follows a ``Page/next``. If it throws, the body ends early, and the client does not
    /// take it for complete.
    static func response<Encoder: ListEncoder>(
        beginning json: ByteBuffer,
        _ first: Page<Encoder.Item>,
        _ encoder: Encoder,
        next: @escaping @Sendable (String) async throws -> Page<Encoder.Item>
    ) -> Response {
        var (json, encoder) = (json, encoder)
        encoder.write(first.items, to: &json)
        guard let following = first.next else {
            encoder.finish(&json)
            return .json(json)
        }
        return Response(
            status: .ok,
            headers: ["content-type": "application/json"],
            body: .stream { [json, encoder] writer in
                var (json, encoder, following) = (json, encoder, Optional(following))
                do {
                    while let position = following {
                        try await writer.write(json)
                        json = ByteBuffer()
                        let page = try await next(position)
                        encoder.write(page.items, to: &json)
                        following = page.next
                    }
                } catch let fault as Fault {
                    Logger.current.error("Page of a list not read", metadata: ["fault": "\(fault.message)"])
                    throw fault
                }
                encoder.finish(&json)
                try await writer.write(json)
                try await writer.finish()
            }
        )
    }

    /// Returns the messages of a conversation's selected path that follow a message, oldest first.
    static func messages(
        of conversation: Conversation.ID,
        after last: String? = nil
    ) throws -> Messages.List {
        guard let last else {
            return Messages.List(conversation: conversation, limit: pageSize, offset: 0, order: .ascending)
        }
        guard let id = Message.ID(last) else { throw Fault(.internal, "The position in the list is malformed.") }
        return Messages.List(conversation: conversation, limit: pageSize, offset: 0, order: .ascending, after: id)
    }

    /// Maximum number of items of a page.
    static let pageSize = 200
}
