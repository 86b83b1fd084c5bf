extension String? {
    /// Appends a text; `nil` and an empty text change nothing.
    mutating func add(_ more: String?) {
        guard let more, !more.isEmpty else { return }
        if self == nil { self = more } else { self?.append(more) }
    }
}
