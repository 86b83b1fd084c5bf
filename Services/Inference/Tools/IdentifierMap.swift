/// Replaces texts that a provider forbids as names or identifiers, and finds the originals again.
///
/// Permitted texts stay as they are; the others get the nearest permitted text that is not in use.
struct IdentifierMap: Sendable, Equatable {
    /// The space for a suffix, in bytes.
    private static let suffixLength = 8

    private var replacements: [String: String] = [:]
    private var originals: [String: String] = [:]

    init() {}

    /// - Parameters:
    ///   - texts: all texts of a request, in order; the result depends on them only.
    ///   - rule: what the provider permits.
    init(_ texts: [String], rule: IdentifierRule) {
        var forbidden: [String] = []
        var used: Set<String> = []
        for text in texts {
            if rule.permits(text) { used.insert(text) } else { forbidden.append(text) }
        }
        var counts: [String: Int] = [:]
        for text in forbidden where replacements[text] == nil {
            var candidate = rule.nearest(to: text)
            // Texts with the same beginning share a counter, so that the search takes linear time altogether.
            let stem = String(candidate.prefix(rule.limit - Self.suffixLength))
            while !used.insert(candidate).inserted {
                let count = counts[stem, default: 1] + 1
                counts[stem] = count
                candidate = "\(stem)_\(count)"
            }
            replacements[text] = candidate
            originals[candidate] = text
        }
    }

    /// Whether nothing is replaced.
    var isEmpty: Bool { replacements.isEmpty }

    /// The text to send for an original.
    func sent(_ original: String) -> String { replacements[original] ?? original }

    /// The original of a text that was sent.
    func original(_ sent: String) -> String { originals[sent] ?? sent }
}
