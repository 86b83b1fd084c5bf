import JSON

extension JSONScanner {
    /// Reads a number of tokens; what cannot be one is unknown.
    mutating func count() throws -> Int? {
        guard let number = try optionalInt(), (0...1_000_000_000).contains(number) else { return nil }
        return number
    }
}
