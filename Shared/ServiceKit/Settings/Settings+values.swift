import Foundation
import HTTP

extension Settings {
    /// A whole number within a range.
    package func integer(_ name: String, default value: Int, in range: ClosedRange<Int>) throws -> Int {
        guard let text = string(name) else { return value }
        guard let number = Int(text), range.contains(number) else {
            throw InvalidSetting(
                "\(name) is \(quoted(name)), which is not a whole number from \(range.lowerBound) to \(range.upperBound)."
            )
        }
        return number
    }

    /// Yes or no.
    package func boolean(_ name: String, default value: Bool) throws -> Bool {
        guard let text = string(name) else { return value }
        switch text.lowercased() {
        case "true", "1", "yes": return true
        case "false", "0", "no": return false
        default: throw InvalidSetting("\(name) is \(quoted(name)), which is not one of: true, false.")
        }
    }

    /// A time: `250ms`, `5s`, `2m`, `1h`.
    package func duration(_ name: String, default value: Duration) throws -> Duration {
        guard let text = string(name) else { return value }
        let units = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000)]
        for (unit, milliseconds) in units where text.hasSuffix(unit) {
            guard let number = Int(text.dropLast(unit.count)), (1...86_400_000 / milliseconds).contains(number) else {
                continue
            }
            return .milliseconds(number * milliseconds)
        }
        throw InvalidSetting("\(name) is \(quoted(name)), which is not a time up to a day such as 250ms, 5s, 2m or 1h.")
    }

    /// One of a fixed set of words.
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

    /// One URL or several, with commas, each `http` or `https`.
    package func urls(_ name: String, default value: String) throws -> [String] {
        let urls = (string(name) ?? value).split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
        for url in urls {
            do {
                _ = try HTTPTarget.parse(url)
            } catch {
                throw InvalidSetting(
                    "\(name) is \(quoted(name)), which is not an http or https URL such as http://127.0.0.1:8001."
                )
            }
        }
        guard !urls.isEmpty else { throw InvalidSetting("\(name) is \(quoted(name)), which holds no URL.") }
        return urls
    }

    /// What was set, as a message may show it.
    private func quoted(_ name: String) -> String {
        let text = string(name) ?? ""
        let isSecret = Self.known.contains { $0.name == name && $0.isSecret }
        // A URL may carry a password before its @.
        if isSecret || text.contains("@") { return "a value that is not shown" }
        return "“\(LogEscaping.escape(String(text.prefix(100)), quotesToo: false))”"
    }
}
