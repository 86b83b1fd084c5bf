import Foundation
import HTTP

extension Settings {
    /// Returns a whole number; throws ``InvalidSetting`` if it is outside the range.
    package func integer(_ name: String, default value: Int, in range: ClosedRange<Int>) throws -> Int {
        guard let text = string(name) else { return value }
        guard let number = Int(text), range.contains(number) else {
            throw InvalidSetting(
                "\(name) is \(quoted(name)), which is not a whole number from \(range.lowerBound) to \(range.upperBound)."
            )
        }
        return number
    }

    /// Returns a Boolean: `true`, `1` and `yes`, or `false`, `0` and `no`.
    package func boolean(_ name: String, default value: Bool) throws -> Bool {
        guard let text = string(name) else { return value }
        switch text.lowercased() {
        case "true", "1", "yes": return true
        case "false", "0", "no": return false
        default: throw InvalidSetting("\(name) is \(quoted(name)), which is not one of: true, false.")
        }
    }

    /// Returns a duration: `250ms`, `5s`, `2m`, `1h`; at most a day.
    package func duration(_ name: String, default value: Duration) throws -> Duration {
        guard let text = string(name) else { return value }
        let units = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000)]
        for (unit, milliseconds) in units where text.hasSuffix(unit) {
            guard let number = Int(text.dropLast(unit.count)), (1...86_400_000 / milliseconds).contains(number) else {
                continue
            }
            return .milliseconds(number * milliseconds)
        }
        throw InvalidSetting(
            "\(name) is \(quoted(name)), which is not a duration of at most a day such as 250ms, 5s, 2m or 1h."
        )
    }

    /// Returns a value from a fixed list.
    package func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ name: String,
        default value: Choice
    ) throws -> Choice {
        guard let text = string(name) else { return value }
        guard let choice = Choice(rawValue: text.lowercased()) else {
            let allowed = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw InvalidSetting("\(name) is \(quoted(name)), which is not one of: \(allowed).")
        }
        return choice
    }

    /// Returns one or more `http` or `https` URLs, which are separated by commas.
    package func urls(_ name: String, default value: String) throws -> [String] {
        let urls = (string(name) ?? value).split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
        for url in urls {
            do {
                _ = try HTTPTarget.parse(url)
            } catch {
                let hint = url.contains("@") ? " A user name or password in a URL is not supported." : ""
                throw InvalidSetting(
                    "\(name) is \(quoted(name)), which is not an http or https URL such as http://127.0.0.1:8001.\(hint)"
                )
            }
        }
        guard !urls.isEmpty else { throw InvalidSetting("\(name) is \(quoted(name)), which contains no URL.") }
        return urls
    }

    /// Returns the value of a setting for output: secrets, and values that may contain one, are hidden.
    package func displayValue(_ name: String) -> String {
        let text = string(name) ?? ""
        let isSecret = Self.known.contains { $0.name == name && $0.isSecret }
        return isSecret || Self.mayContainSecret(text) ? "(hidden)" : text
    }

    /// Whether a URL has a place for a secret: a password before `@`, or a query.
    private static func mayContainSecret(_ text: String) -> Bool {
        text.contains("@") || (text.contains("://") && text.contains("?"))
    }

    /// Returns the value of a setting for a message, on one line and without control characters.
    private func quoted(_ name: String) -> String {
        let text = displayValue(name)
        if text != string(name) { return "a value that is not shown" }
        return "“\(LogEscaping.escape(String(text.prefix(100)), escapesQuotes: false))”"
    }
}
