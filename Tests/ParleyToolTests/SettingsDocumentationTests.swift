import Foundation
import ServiceKit
import Testing

/// `.env.example` and `docs/configuration.md` list exactly the existing settings.
@Suite struct SettingsDocumentationTests {
    private static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

    private static let defaults = Dictionary(
        uniqueKeysWithValues: Settings.known.map { ($0.name, $0.defaultValue) }
    )

    @Test func `the example lists every setting with its default, commented out`() throws {
        let text = try String(contentsOfFile: Self.root + "/.env.example", encoding: .utf8)
        let lines = text.split(separator: "\n").filter { $0.contains(/^# [A-Z_]+=/) }
        let pairs = lines.map { line in
            let parts = line.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (String(parts[0]), String(parts[1]))
        }
        #expect(pairs.count == Self.defaults.count)
        #expect(Dictionary(pairs) { $1 } == Self.defaults)
        #expect(text.split(separator: "\n").allSatisfy { $0.hasPrefix("#") })
    }

    @Test func `the page lists every setting with its default`() throws {
        let text = try String(contentsOfFile: Self.root + "/docs/configuration.md", encoding: .utf8)
        let pairs = text.matches(of: /\n\| `([A-Z_]+)` \| (?:`([^`]*)`)? ?\| [^|]+\|/).map { match in
            (String(match.output.1), String(match.output.2 ?? ""))
        }
        #expect(pairs.count == Self.defaults.count)
        #expect(Dictionary(pairs) { $1 } == Self.defaults)
    }
}
