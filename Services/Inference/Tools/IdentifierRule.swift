/// What a provider permits as the name of a tool, or as the identifier of a call.
struct IdentifierRule: Sendable, Equatable {
    /// The permitted bytes in the first place, and in the others: one bit for each ASCII character.
    private let first: UInt128
    private let others: UInt128
    /// Maximum length, in bytes.
    let limit: Int

    /// - Parameters:
    ///   - first: the characters that are permitted in the first place.
    ///   - others: the characters that are permitted in the other places.
    ///   - limit: the maximum length; at least 16.
    init(first: String, others: String, limit: Int) {
        self.first = Self.bits(first)
        self.others = Self.bits(others)
        self.limit = max(16, limit)
    }

    /// `^[A-Za-z_][A-Za-z0-9_.-]{0,63}$`: names of Gemini.
    static let geminiName = IdentifierRule(first: letters + "_", others: letters + digits + "_.-", limit: 64)
    /// `^[A-Za-z0-9_-]{1,64}$`: names of OpenAI.
    static let openAIName = IdentifierRule(letters + digits + "_-", limit: 64)
    /// At most 40 characters: identifiers of OpenAI.
    static let openAIID = IdentifierRule(String(decoding: UInt8(0x21)...0x7E, as: UTF8.self), limit: 40)
    /// `^[a-zA-Z0-9_-]{1,128}$`: names of Anthropic.
    static let anthropicName = IdentifierRule(letters + digits + "_-", limit: 128)
    /// `^[a-zA-Z0-9_-]+$`: identifiers of Anthropic.
    static let anthropicID = IdentifierRule(letters + digits + "_-", limit: 256)

    private static let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    private static let digits = "0123456789"

    private init(_ permitted: String, limit: Int) {
        self.init(first: permitted, others: permitted, limit: limit)
    }

    private static func bits(_ characters: String) -> UInt128 {
        characters.utf8.reduce(0) { $1 < 128 ? $0 | 1 << UInt128($1) : $0 }
    }

    /// Whether the provider permits a text.
    func permits(_ text: String) -> Bool {
        guard !text.isEmpty, text.utf8.count <= limit else { return false }
        return text.utf8.enumerated().allSatisfy { Self.contains($1, $0 == 0 ? first : others) }
    }

    /// The permitted text that resembles a text most: `_` replaces each forbidden character.
    func nearest(to text: String) -> String {
        var bytes: [UInt8] = []
        for scalar in text.unicodeScalars.prefix(limit) {
            let byte = UInt8(exactly: scalar.value) ?? 0xFF
            bytes.append(Self.contains(byte, others) ? byte : UInt8(ascii: "_"))
        }
        if bytes.first.map({ Self.contains($0, first) }) != true { bytes.insert(UInt8(ascii: "_"), at: 0) }
        return String(decoding: bytes.prefix(limit), as: UTF8.self)
    }

    private static func contains(_ byte: UInt8, _ bits: UInt128) -> Bool {
        byte < 128 && bits & 1 << UInt128(byte) != 0
    }
}
