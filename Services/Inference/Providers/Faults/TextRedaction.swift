/// Removes from the text of another program what users must not see: credentials, addresses, and paths of files.
///
/// URLs with a public host are kept without user information and query, because they often lead to documentation.
struct TextRedaction: Sendable {
    /// How much of a text is examined, and how much is shown, in Unicode scalars.
    private static let examinedLimit = 2000
    private static let shownLimit = 300

    /// Values that are removed wherever they occur.
    let secrets: [String]
    /// The host of the provider's server, which is removed even if it looks public.
    let host: String

    /// The text as one sentence, redacted, shortened and without control characters.
    func sentence(_ text: String) -> String {
        let text = redacted(Self.singleLine(Self.removing(secrets, from: text)))
        let shown = String(String.UnicodeScalarView(text.unicodeScalars.prefix(Self.shownLimit))).trimmed
        guard let last = shown.last else { return "It gave no reason." }
        return ".!?".contains(last) ? shown : shown + "."
    }

    /// The text without secrets.
    static func removing(_ secrets: [String], from text: String) -> String {
        secrets.reduce(text) { $0.replacing($1, with: "…") }
    }

    /// The beginning of a text, with spaces in place of control characters.
    static func singleLine(_ text: String) -> String {
        text.unicodeScalars.prefix(examinedLimit)
            .map { $0.properties.generalCategory == .control ? " " : String($0) }.joined()
    }

    /// The text with placeholders for addresses, paths and keys.
    func redacted(_ text: String) -> String {
        guard text.utf8.contains(where: { ":./\\-@".utf8.contains($0) }) || isHost(text) else { return text }
        var result = ""
        var previous = ""
        for token in Self.split(text, at: { $0.isWhitespace || "\"'`<>“”‘’«»".contains($0) }) {
            result += redacted(token: token, after: previous)
            if token.contains(where: \.isLetter) { previous = token.lowercased() }
        }
        return result
    }

    private func redacted(token: String, after previous: String) -> String {
        if let scheme = token.firstRange(of: "://") {
            let start = token[..<scheme.lowerBound].lastIndex { !Self.isSchemeCharacter($0) }
            let prefix = start.map { token[...$0] } ?? ""
            let url = token[prefix.endIndex...]
            let end = url.lastIndex { !".,;:!?)]}".contains($0) }.map { url.index(after: $0) } ?? url.endIndex
            return redacted(words: String(prefix)) + redacted(url: String(url[..<end])) + url[end...]
        }
        if Self.hostWords.contains(where: previous.hasSuffix), token.contains(where: \.isLetter) { return "[address]" }
        return redacted(words: token, after: previous)
    }

    /// Redacts each part of a token that has no URL.
    private func redacted(words token: String, after previous: String = "") -> String {
        var before = previous
        return Self.split(token, at: { "=,;()[]{}|".contains($0) }).map { word in
            defer { if word.contains(where: \.isLetter) { before = word.lowercased() } }
            let core = word.trimmingEnd(of: ".:!?")
            let isPort = before.hasPrefix("port") && !core.isEmpty && core.allSatisfy(\.isNumber)
            guard let placeholder = isPort ? "[address]" : placeholder(for: core) else { return word }
            return placeholder + word.dropFirst(core.count)
        }
        .joined()
    }

    private func placeholder(for word: String) -> String? {
        let name = word.lowercased()
        if Self.isKey(word) { return "…" }
        if Self.isPath(word) { return "[path]" }
        let authority = String(name.prefix { $0 != "/" })
        let isAddress =
            isHost(authority) || Self.isIPv4(authority) || Self.isIPv6(authority) || Self.hasPort(authority)
            || Self.isInternal(authority) || Self.hasPassword(word)
        return isAddress ? "[address]" : nil
    }

    private func redacted(url: String) -> String {
        guard let scheme = url.firstRange(of: "://") else { return "[address]" }
        let rest = url[scheme.upperBound...]
        let authority = rest.prefix { !"/?#".contains($0) }
        let host = String(authority.split(separator: "@").last ?? "").lowercased()
        let name = String(host.prefix { $0 != ":" })
        let labels = name.split(separator: ".", omittingEmptySubsequences: false)
        let isPublic =
            labels.count > 1 && labels.allSatisfy { !$0.isEmpty && $0.allSatisfy(Self.isHostCharacter) }
            && (labels.last ?? "").allSatisfy(\.isLetter) && !Self.isInternal(name) && !isHost(name)
            && !host.contains(":")
        guard isPublic, ["http", "https"].contains(url[..<scheme.lowerBound].lowercased()) else { return "[address]" }
        let path = rest[authority.endIndex...].prefix { !"?#".contains($0) }
        return url[..<scheme.upperBound] + host + path
    }

    private func isHost(_ text: String) -> Bool {
        !host.isEmpty && text.lowercased().split { $0 == ":" || $0 == "/" }.contains { $0 == host.lowercased() }
    }
}

/// The classification of words.
extension TextRedaction {
    private static let internalSuffixes = [
        ".internal", ".local", ".localdomain", ".localhost", ".lan", ".corp", ".home", ".intranet", ".private", ".svc",
        ".home.arpa", ".consul",
    ]
    /// Words before the name of a host.
    fileprivate static let hostWords = ["lookup", "resolve", "host=", "host:", "hostname", "hostname:"]
    /// First components of paths that are interfaces and not files.
    private static let interfaces: Set<String> = ["v1", "v1beta", "v1alpha", "v2", "api", "chat", "upload"]

    fileprivate static func split(_ text: String, at isDelimiter: (Character) -> Bool) -> [String] {
        var parts: [String] = []
        var part = ""
        for character in text {
            if isDelimiter(character) {
                if !part.isEmpty { parts.append(part) }
                parts.append(String(character))
                part = ""
            } else {
                part.append(character)
            }
        }
        return part.isEmpty ? parts : parts + [part]
    }

    fileprivate static func isSchemeCharacter(_ character: Character) -> Bool {
        character.isASCII && (character.isLetter || character.isNumber || "+-.".contains(character))
    }

    fileprivate static func isHostCharacter(_ character: Character) -> Bool {
        character.isASCII && (character.isLetter || character.isNumber || character == "-")
    }

    fileprivate static func isInternal(_ name: String) -> Bool {
        name == "localhost" || internalSuffixes.contains { name.hasSuffix($0) }
    }

    fileprivate static func isIPv4(_ authority: String) -> Bool {
        let address = authority.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).first ?? ""
        let parts = address.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.allSatisfy { UInt8($0) != nil }
    }

    fileprivate static func isIPv6(_ word: String) -> Bool {
        let colons = word.count { $0 == ":" }
        let address = word.prefix { $0 != "%" }
        return colons >= 2 && (word.contains("::") || colons >= 4)
            && address.allSatisfy { $0.isHexDigit || $0 == ":" || $0 == "." }
    }

    /// Whether this is a host with a port, such as `vllm:8000`; `llama3.2:1b` and `code:400` are not.
    fileprivate static func hasPort(_ authority: String) -> Bool {
        let parts = authority.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, UInt16(parts[1]) != nil, parts[1].count >= 2 else {
            // A port alone is the rest of an IPv6 address in brackets.
            return parts.count == 2 && parts[0].isEmpty && UInt16(parts[1]) != nil
        }
        return parts[0].allSatisfy { isHostCharacter($0) || $0 == "." || $0 == "_" }
            && parts[0].contains(where: \.isLetter) && (parts[1].count >= 4 || parts[0].contains("."))
    }

    /// Whether this is `user:password@host`.
    fileprivate static func hasPassword(_ word: String) -> Bool {
        guard let at = word.lastIndex(of: "@"), word.index(after: at) < word.endIndex else { return false }
        return word[..<at].contains(":")
    }

    fileprivate static func isPath(_ word: String) -> Bool {
        let letters = Array(word.prefix(3))
        if letters.count == 3, letters[0].isLetter, letters[1] == ":", letters[2] == "\\" { return true }
        guard word.hasPrefix("/") || word.hasPrefix("~/") || word.hasPrefix("file:") else { return false }
        let components = word.split(separator: "/")
        return components.count >= 2 && !interfaces.contains(String(components[0]))
    }

    fileprivate static func isKey(_ word: String) -> Bool {
        (word.hasPrefix("sk-") && word.count >= 8) || (word.hasPrefix("AIza") && word.count >= 20)
    }
}
