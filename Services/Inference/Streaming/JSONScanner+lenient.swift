import JSON

/// Reads members as providers write them: an empty text means the same as `null`.
extension JSONScanner {
    /// Reads a text that is not blank; returns `nil` for an empty one, and for other values.
    mutating func nonEmptyText() throws -> String? {
        guard let text = try optionalString(), text.utf8.contains(where: { $0 > 0x20 }) else { return nil }
        return text
    }

    /// Reads a text that is not blank, or a number as written; returns `nil` for other values.
    mutating func nonEmptyTextOrNumber() throws -> String? {
        guard kind == .number else { return try nonEmptyText() }
        return try stringOrScalar()
    }

    /// Whether the value is a text with these bytes; compares without a copy.
    mutating func isText(_ text: StaticString) throws -> Bool {
        let bytes = try raw()
        guard bytes.count == text.utf8CodeUnitCount + 2, bytes.first == UInt8(ascii: "\"") else { return false }
        return text.withUTF8Buffer { bytes.dropFirst().dropLast().elementsEqual($0) }
    }
}
