import JSON

extension JSONScanner {
    /// Reads a number of tokens; returns `nil` for other values.
    mutating func count() throws -> Int? {
        guard let number = try optionalInt(), (0...1_000_000_000).contains(number) else { return nil }
        return number
    }
}
