/// A part of a list.
///
/// A page may contain fewer items than its request's `limit`: the service bounds the size of its JSON, in bytes. Only
/// ``next`` says whether the list goes on.
package struct Page<Item: Codable & Sendable>: Codable, Sendable {
    package var items: [Item]
    /// Number of items in the complete list.
    package var total: Int
    /// Where the next page starts; `nil` at the end of the list.
    ///
    /// The list's endpoint documents which member of its request takes this value.
    package var next: String?

    package init(items: [Item], total: Int, next: String? = nil) {
        self.items = items
        self.total = total
        self.next = next
    }
}

extension Page: Equatable where Item: Equatable {}

/// The order of a list.
package enum Order: String, Codable, Sendable {
    /// Oldest first.
    case ascending = "asc"
    /// Newest first.
    case descending = "desc"
}
