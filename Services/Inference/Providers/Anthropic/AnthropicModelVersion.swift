/// The version in the name of a Claude model: `claude-opus-4-1-20250805`, `claude-3-5-haiku-latest`.
///
/// Clouds add a prefix such as `anthropic.` and a suffix such as `@20250805`.
struct AnthropicModelVersion: Equatable {
    /// The version of a model whose name has none: it is newer than this list.
    private static let newest = 500

    /// The version as one number: 405 for 4.5.
    let number: Int
    let isOpus: Bool
    /// Whether thinking cannot be switched off.
    let thinksAlways: Bool

    /// Returns `nil` for another model.
    init?(_ model: String) {
        let name = model.lowercased()
        guard let start = name.firstRange(of: "claude-")?.upperBound else { return nil }
        let words = name[start...].split { "-.@:_".contains($0) }.map(String.init)
        let digits = words.drop { Int($0) == nil }.prefix { Int($0) != nil }.compactMap { Int($0) }
        // A date is not a part of the version.
        let parts = digits.prefix { $0 < 100 }
        if let major = parts.first {
            number = major * 100 + (parts.dropFirst().first ?? 0)
        } else {
            number = Self.newest
        }
        isOpus = words.contains("opus")
        thinksAlways = words.contains("fable") || words.contains("mythos")
    }
}
