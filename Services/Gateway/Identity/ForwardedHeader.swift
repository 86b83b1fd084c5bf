import ServiceKit

/// Parses the header `Forwarded` of RFC 7239.
enum ForwardedHeader {
    /// Returns the address of each `for` parameter; `nil` for an element without an address.
    ///
    /// A value with unbalanced quotes is one element without an address.
    static func addresses(_ value: String) -> [IPAddress?] {
        guard let elements = split(value[...], at: ",") else { return [nil] }
        return elements.filter { !$0.isEmpty }.map(address)
    }

    private static func address(_ element: Substring) -> IPAddress? {
        var address: IPAddress?
        var isFound = false
        for pair in split(element, at: ";") ?? [] {
            guard let equals = pair.firstIndex(of: "="), pair[..<equals].lowercased() == "for" else { continue }
            guard !isFound else { return nil }
            isFound = true
            address = ClientAddress.address(of: unquoted(pair[pair.index(after: equals)...])[...])
        }
        return address
    }

    /// Splits outside of quoted strings; `nil` if a quoted string has no end.
    private static func split(_ text: Substring, at separator: Character) -> [Substring]? {
        var parts: [Substring] = []
        var (start, isQuoted, isEscaped) = (text.startIndex, false, false)
        for index in text.indices {
            switch text[index] {
            case _ where isEscaped: isEscaped = false
            case "\\" where isQuoted: isEscaped = true
            case "\"": isQuoted.toggle()
            case separator where !isQuoted:
                parts.append(ClientAddress.trimmed(text[start..<index]))
                start = text.index(after: index)
            default: break
            }
        }
        guard !isQuoted else { return nil }
        parts.append(ClientAddress.trimmed(text[start...]))
        return parts
    }

    private static func unquoted(_ text: Substring) -> String {
        guard text.count >= 2, text.first == "\"", text.last == "\"" else { return String(text) }
        var (result, isEscaped) = ("", false)
        for character in text.dropFirst().dropLast() {
            if character == "\\", !isEscaped {
                isEscaped = true
            } else {
                result.append(character)
                isEscaped = false
            }
        }
        return result
    }
}
