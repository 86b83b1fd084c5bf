/// Text from another server, for a prompt and for people.
enum ExternalText {
    /// Returns the text as one line of at most `limit` Unicode scalars; `…` stands for what is left out.
    ///
    /// White space and control characters become single spaces. Invisible characters are removed, because they can carry
    /// instructions that no person sees; those that join letters and emoji are kept.
    static func line(_ text: String, limit: Int) -> String {
        var line = String.UnicodeScalarView()
        var needsSpace = false
        var count = 0
        for scalar in text.unicodeScalars {
            if scalar.properties.isWhitespace || scalar.properties.generalCategory == .control {
                needsSpace = count > 0
                continue
            }
            guard isVisible(scalar) else { continue }
            guard count + (needsSpace ? 2 : 1) <= limit else {
                line.append("…")
                break
            }
            if needsSpace { line.append(" ") }
            line.append(scalar)
            count += needsSpace ? 2 : 1
            needsSpace = false
        }
        return String(line)
    }

    private static func isVisible(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .format: scalar == "\u{200C}" || scalar == "\u{200D}"
        case .privateUse, .surrogate, .unassigned: false
        default: true
        }
    }
}
