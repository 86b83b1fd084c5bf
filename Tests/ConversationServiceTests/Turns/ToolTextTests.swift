import Contracts
import Foundation
import Testing

@testable import ConversationService

/// The texts of tools as models get them.
struct ToolTextTests {
    @Test func `control characters are replaced, line breaks and tabulators stay`() {
        #expect(ToolText.printable("a\0b\u{1B}[1m\u{7F}\u{85}c") == "a\u{FFFD}b\u{FFFD}[1m\u{FFFD}\u{FFFD}c")
        #expect(ToolText.printable("a\tb\r\nc é 😀") == "a\tb\r\nc é 😀")
    }

    @Test func `a long text keeps its beginning and its end, and says how much is missing`() {
        let text = (0..<10_000).map { "line \($0)\n" }.joined()
        let short = ToolText.shortened(text, to: 3000)
        #expect(short.utf8.count <= 3000 && short.utf8.count > 2900)
        #expect(short.hasPrefix("line 0\nline 1\n") && short.hasSuffix("line 9998\nline 9999\n"))
        let match = short.firstMatch(of: /\n\[… (\d+) bytes are missing here …\]\n/)
        let missing = match.flatMap { Int($0.1) }
        #expect(missing == text.utf8.count - (short.utf8.count - (match?.0.utf8.count ?? 0)))
        #expect(ToolText.shortened(text, to: text.utf8.count) == text)
    }

    @Test(arguments: ["😀", "é", "e\u{301}", "👨‍👩‍👧‍👦", "a", "\r\n", "漢"])
    func `characters are not divided`(character: String) {
        let text = String(repeating: character, count: 1000)
        for limit in 100..<160 {
            let short = ToolText.shortened(text, to: limit)
            #expect(short.utf8.count <= limit)
            let parts = short.components(separatedBy: "\n[… ")
            #expect(parts.count == 2)
            #expect(text.hasPrefix(parts[0]) && parts[0].count * character.utf8.count == parts[0].utf8.count)
        }
    }

    @Test func `a character without end is cut between its scalars`() {
        let text = "e" + String(repeating: "\u{301}", count: 5000)
        let short = ToolText.shortened(text, to: 1000)
        #expect(short.utf8.count <= 1000 && short.utf8.count > 900 && !short.unicodeScalars.contains("\u{FFFD}"))
    }

    @Test func `a limit below the size of the note leaves the note`() {
        let short = ToolText.shortened(String(repeating: "x", count: 1000), to: 3)
        #expect(short == "\n[… 1000 bytes are missing here …]\n")
    }

    @Test func `a result is never empty`() {
        #expect(ToolResult(text: "").text == "The tool returned nothing.")
        let large = ToolResult(text: String(repeating: "x", count: 2 * ToolResult.byteLimit))
        #expect(large.text.utf8.count <= ToolResult.byteLimit)
    }
}
