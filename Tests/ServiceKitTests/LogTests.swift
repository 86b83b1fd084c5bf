import Foundation
import Logging
import ServiceKit
import Synchronization
import Testing

/// The output of a handler.
private final class Lines: Sendable {
    private let text = Mutex("")

    var all: String { text.withLock { $0 } }

    func append(_ line: String) {
        text.withLock { $0 += line }
    }
}

@Suite struct LogTests {
    private static let vectors = [
        "plain", "two\nlines", "return\rhome", "\r\n{\"level\":\"info\",\"message\":\"forged\"}", "quote\"and\\slash",
        "escape \u{1B}[31mred", "null \u{0} byte", "bell\u{7}", "line\u{2028}separator\u{2029}", "right\u{202E}to left",
        "isolate\u{2066}d", "next line \u{85} and delete \u{7F}", "emoji 🫖 stays", "\",\"level\":\"critical",
    ]

    private func lines(
        _ format: LineLogHandler.Format,
        level: Logger.Level = .trace,
        _ body: (Logger) -> Void
    ) -> String {
        let lines = Lines()
        let logger = Logger(label: "media-svc") { label in
            LineLogHandler(label: label, level: level, format: format) { lines.append($0) }
        }
        body(logger)
        return lines.all
    }

    @Test(arguments: vectors)
    func `no text begins another line or controls a terminal`(text: String) throws {
        for format in LineLogHandler.Format.allCases {
            let written = lines(format) {
                $0.error("\(text)", metadata: ["user.name": "\(text)", "\(text)": "a key", "list": ["\(text)"]])
            }
            #expect(written.hasSuffix("\n"))
            let line = written.dropLast()
            let isUnsafe = line.unicodeScalars.contains {
                $0.properties.generalCategory == .control || (0x2028...0x202E).contains($0.value)
                    || (0x2066...0x2069).contains($0.value)
            }
            #expect(!isUnsafe, "\(line)")
        }
    }

    @Test(arguments: vectors)
    func `a JSON line is one object with the message and metadata`(text: String) throws {
        let written = lines(.json) { $0.warning("\(text)", metadata: ["user.name": "\(text)", "level": "mine"]) }
        let object = try JSONDecoder().decode([String: String].self, from: Data(written.utf8))
        #expect(object["message"] == text)
        #expect(object["user.name"] == text)
        #expect(object["level"] == "warning")
        #expect(object["metadata.level"] == "mine")
        #expect(object["service"] == "media-svc")
        #expect(try object["time"].map { try Date($0, strategy: .iso8601.year().month().day()) } != nil)
    }

    @Test func `a text line contains time, level, service, message and metadata`() {
        let written = lines(.text) { $0.info("Listening", metadata: ["b": "2", "a": "one \"1\""]) }
        #expect(written.hasSuffix("Z info media-svc: Listening a=\"one \\\"1\\\"\" b=\"2\"\n"))
    }

    @Test func `a message below the level is neither written nor created`() {
        let written = lines(.text, level: .warning) { logger in
            logger.info("\({ () -> String in Issue.record("The message was created."); return "" }())")
            logger.warning("Shown")
        }
        #expect(written.hasSuffix("Shown\n"))
        #expect(!written.dropLast().contains("\n"))
    }

    @Test func `a very long text is truncated`() {
        let written = lines(.json) { $0.info("\(String(repeating: "x", count: 1_000_000))") }
        #expect(written.utf8.count < 5000)
    }
}
