/// The endpoints of conversation-svc for memories.
///
/// All require a principal, and see only its own memories; another user's memory is `missing`.
package enum Memories {
    /// Lists the memories, newest first.
    package struct List: Endpoint {
        package static let path = "/memories/list"
        package static let isIdempotent = true
        package typealias Response = Page<Memory>
        package var limit: Int
        package var offset: Int

        package init(limit: Int, offset: Int) {
            self.limit = limit
            self.offset = offset
        }
    }

    /// Returns a memory.
    package struct Find: Endpoint {
        package static let path = "/memories/find"
        package static let isIdempotent = true
        package typealias Response = Memory
        package var id: Memory.ID

        package init(id: Memory.ID) {
            self.id = id
        }
    }

    /// Stores a memory that the user enters, or returns the one with the same text.
    ///
    /// Throws `invalid` for a text that is not valid, `conflict` if the user has too many memories, `key_reused`, and
    /// `missing` for a repeated request whose memory was deleted.
    package struct Create: Endpoint {
        package static let path = "/memories/create"
        package typealias Response = Created
        package var text: String
        /// Idempotency key: a repeated request within a day returns the memory of the first one.
        package var key: String?

        package init(text: String, key: String? = nil) {
            self.text = text
            self.key = key
        }
    }

    /// The result of a creation.
    package struct Created: Codable, Sendable, Equatable {
        package var memory: Memory
        /// Whether it was stored by this request; `false` if the user had a memory with the same text.
        package var isNew: Bool

        package init(memory: Memory, isNew: Bool) {
            self.memory = memory
            self.isNew = isNew
        }
    }

    /// Replaces the text of a memory.
    ///
    /// Throws `missing`, `invalid`, and `conflict` if another memory has the same text.
    package struct Change: Endpoint {
        package static let path = "/memories/change"
        package static let isIdempotent = true
        package typealias Response = Memory
        package var id: Memory.ID
        package var text: String

        package init(id: Memory.ID, text: String) {
            self.id = id
            self.text = text
        }
    }

    /// Deletes a memory.
    ///
    /// Throws `missing`.
    package struct Delete: Endpoint {
        package static let path = "/memories/delete"
        package typealias Response = Deleted
        package var id: Memory.ID

        package init(id: Memory.ID) {
            self.id = id
        }
    }

    /// Deletes all memories of the principal.
    package struct Clear: Endpoint {
        package static let path = "/memories/clear"
        package static let isIdempotent = true
        package typealias Response = Deleted

        package init() {}
    }

    /// The result of a deletion.
    package struct Deleted: Codable, Sendable, Equatable {
        package var count: Int

        package init(count: Int) {
            self.count = count
        }
    }

    /// Finds the memories that match a text by meaning or by words, best first.
    ///
    /// Throws `invalid` for an empty or too long query, and for a limit that is not permitted.
    package struct Search: Endpoint {
        package static let path = "/memories/search"
        package static let isIdempotent = true
        package typealias Response = [Memory]
        /// Maximum size of a query, in bytes.
        package static let maxBytes = 4096
        /// Permitted limits.
        package static let limits = 1...100
        package var query: String
        package var limit: Int

        package init(query: String, limit: Int) {
            self.query = query
            self.limit = limit
        }
    }
}
