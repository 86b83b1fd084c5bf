/// Some of a list, and how long the whole list is.
package struct Page<Item: Codable & Sendable>: Codable, Sendable {
    package var items: [Item]
    /// How many there are in the whole list.
    package var total: Int

    package init(items: [Item], total: Int) {
        self.items = items
        self.total = total
    }
}

extension Page: Equatable where Item: Equatable {}

/// In which order a list is told.
package enum Order: String, Codable, Sendable {
    /// Oldest first.
    case ascending = "asc"
    /// Newest first.
    case descending = "desc"
}
