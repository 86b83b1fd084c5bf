extension StringProtocol {
    /// The longest prefix of whole Unicode scalars with at most `limit` UTF-8 bytes.
    ///
    /// Characters have no maximum size, so `prefix(_:)` alone does not bound the memory of a text.
    func prefix(bytes limit: Int) -> SubSequence {
        guard var end = utf8.index(utf8.startIndex, offsetBy: limit, limitedBy: utf8.endIndex) else { return self[...] }
        while end > utf8.startIndex, end < utf8.endIndex, utf8[end] & 0xC0 == 0x80 {
            end = utf8.index(end, offsetBy: -1)
        }
        return self[..<end]
    }
}

extension String {
    /// The UTF-8 offset of the first occurrence of a text; linear in time, unlike `firstRange(of:)`.
    func firstOffset(ofBytes other: String) -> Int? {
        var (text, other) = (self, other)
        return text.withUTF8 { text in
            other.withUTF8 { other in Self.firstOffset(of: other, in: text) }
        }
    }

    /// Whether the bytes of a text occur in this text; linear in time.
    func contains(bytes other: String) -> Bool { firstOffset(ofBytes: other) != nil }

    /// The algorithm of Knuth, Morris and Pratt.
    private static func firstOffset(
        of pattern: UnsafeBufferPointer<UInt8>,
        in text: UnsafeBufferPointer<UInt8>
    ) -> Int? {
        guard !pattern.isEmpty, pattern.count <= text.count else { return nil }
        // For each prefix of the pattern the length of its longest proper suffix that is also a prefix.
        var borders = [0]
        var matched = 0
        for byte in pattern.dropFirst() {
            while matched > 0, pattern[matched] != byte { matched = borders[matched - 1] }
            if pattern[matched] == byte { matched += 1 }
            borders.append(matched)
        }
        matched = 0
        for (index, byte) in text.enumerated() {
            while matched > 0, pattern[matched] != byte { matched = borders[matched - 1] }
            if pattern[matched] == byte { matched += 1 }
            if matched == pattern.count { return index + 1 - matched }
        }
        return nil
    }
}
