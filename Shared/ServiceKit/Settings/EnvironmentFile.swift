import Foundation

/// Parses a file of `NAME=value` lines, in the format of Docker Compose and most shells.
///
/// Ignores blank lines and comments, allows `export` and quoted values, and expands no variables.
enum EnvironmentFile {
    /// Returns the values by name; none if the file does not exist.
    ///
    /// Throws ``InvalidSetting`` for an invalid line.
    static func read(_ path: String) throws -> [String: String] {
        guard FileManager.default.fileExists(atPath: path) else { return [:] }
        let text: String
        do {
            text = try String(contentsOfFile: path, encoding: .utf8)
        } catch {
            throw InvalidSetting("The file \(path) cannot be read as UTF-8 text. Correct it or remove it.")
        }
        return try parse(text, path: path)
    }

    static func parse(_ text: String, path: String) throws -> [String: String] {
        var values: [String: String] = [:]
        let text = text.hasPrefix("\u{FEFF}") ? text.dropFirst() : text[...]
        let lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }
        for (number, line) in lines.enumerated() {
            let line = line.trimmingCharacters(in: .whitespaces)
            guard !line.isEmpty, !line.hasPrefix("#") else { continue }
            // The message does not quote the line, which may contain a secret.
            guard let (name, value) = assignment(line) else {
                throw InvalidSetting("Line \(number + 1) of \(path) is not of the form NAME=value.")
            }
            values[name] = value
        }
        return values
    }

    private static func assignment(_ line: String) -> (name: String, value: String)? {
        guard let equals = line.firstIndex(of: "=") else { return nil }
        var name = line[..<equals].trimmingCharacters(in: .whitespaces)
        if name.hasPrefix("export ") { name = name.dropFirst(7).trimmingCharacters(in: .whitespaces) }
        let isName = name.utf8.allSatisfy { byte in
            byte == UInt8(ascii: "_") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
        }
        guard !name.isEmpty, isName else { return nil }
        let rest = line[line.index(after: equals)...].trimmingCharacters(in: .whitespaces)
        return value(rest).map { (name, $0) }
    }

    private static func value(_ text: String) -> String? {
        guard let quote = text.first, quote == "\"" || quote == "'" else { return unquoted(text) }
        var value = ""
        var rest = text.dropFirst()
        while let character = rest.popFirst() {
            if character == quote { return isComment(rest) ? value : nil }
            if character == "\\", quote == "\"", let escaped = rest.first, "\"\\".contains(escaped) {
                rest.removeFirst()
                value.append(escaped)
            } else {
                value.append(character)
            }
        }
        return nil
    }

    /// A comment begins at a `#` after white space.
    private static func unquoted(_ text: String) -> String {
        guard !text.hasPrefix("#") else { return "" }
        let comment = text.firstRange(of: /\s#/)?.lowerBound ?? text.endIndex
        return text[..<comment].trimmingCharacters(in: .whitespaces)
    }

    private static func isComment(_ text: Substring) -> Bool {
        let text = text.trimmingCharacters(in: .whitespaces)
        return text.isEmpty || text.hasPrefix("#")
    }
}
