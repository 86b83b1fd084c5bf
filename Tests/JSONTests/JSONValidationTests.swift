import JSON
import Testing

struct JSONValidationTests {
    private let rules = JSONValidation(depthLimit: 64)

    private func check(_ text: String, _ rules: JSONValidation? = nil) throws(JSONValidation.Violation) {
        try check(Array(text.utf8), rules)
    }

    private func check(_ bytes: [UInt8], _ rules: JSONValidation? = nil) throws(JSONValidation.Violation) {
        let result: Result<Void, JSONValidation.Violation> = bytes.withUnsafeBytes { bytes in
            do throws(JSONValidation.Violation) {
                return .success(try (rules ?? self.rules).check(bytes))
            } catch {
                return .failure(error)
            }
        }
        try result.get()
    }

    @Test(arguments: [
        "{}", "[]", " { } ", "\r\n\t[ ] ", "{\"a\":{\"a\":{\"a\":1}}}", "[{\"a\":1},{\"a\":2}]", "{\"a\":[],\"b\":{}}",
        "{\"a\" : [ 1 , 2 ] , \"b\" : null }", "{\"a\":true,\"b\":false,\"c\":-1.5e+10}", "{\"\":1}", "\"x\"", "1",
        "{\"a\":\"\\u0041\\ud83c\\udf73\\\\\\\"\\/\\b\\f\\n\\r\\t\"}", "{\"a\":\"}{][,:\"}", "\"\u{1F373}é漢\u{2028}\"",
    ])
    func `valid JSON is accepted`(text: String) throws {
        try check(text)
    }

    @Test(
        arguments: [
            ("", .empty), ("{", .syntax(offset: 1)), ("{\"a\":1}x", .syntax(offset: 7)), ("[1,]", .syntax(offset: 3)),
            ("{\"a\" 1}", .syntax(offset: 5)), ("[1}", .syntax(offset: 2)), ("{a:1}", .syntax(offset: 1)),
            ("\u{FEFF}{}", .syntax(offset: 0)), ("[01]", .syntax(offset: 3)), ("[tru]", .syntax(offset: 4)),
            ("[\u{B}1]", .syntax(offset: 1)), ("{\"a\":1,\"a\":2}", .duplicateKey("a")),
            ("{\"a\":1,\"\\u0061\":2}", .duplicateKey("a")), ("[\"\\x\"]", .invalidEscape),
            ("[\"\\ud83c\"]", .invalidEscape),
            ("[\"\\udf73\"]", .invalidEscape), ("{\"\\u0000\":1}", .invalidEscape), ("[\"a\nb\"]", .syntax(offset: 3)),
        ] as [(String, JSONValidation.Violation)]
    )
    func `a text with several meanings or none is rejected, and the reason is named`(
        text: String,
        violation: JSONValidation.Violation
    ) {
        #expect(throws: violation) { try check(text) }
    }

    @Test func `bytes that are not UTF-8 are rejected`() {
        for bytes in [[0xFF], [0xC3, 0x28], [0xED, 0xA0, 0x80], [0xC0, 0x80]] as [[UInt8]] {
            #expect(throws: JSONValidation.Violation.notUTF8) { try check([0x22] + bytes + [0x22]) }
        }
    }

    @Test func `duplicate keys and NUL can be allowed`() throws {
        let rules = JSONValidation(depthLimit: 8, allowsDuplicateKeys: true, allowsNUL: true)
        try check("{\"a\":1,\"a\":[\"\\u0000\"]}", rules)
        #expect(throws: JSONValidation.Violation.invalidEscape) { try check("[\"\\ud83c\"]", rules) }
    }

    @Test(arguments: [("[", "]"), ("{\"a\":", "}")])
    func `the depth is limited`(open: String, close: String) throws {
        func text(_ depth: Int) -> String {
            String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)
        }
        try check(text(64))
        #expect(throws: JSONValidation.Violation.tooDeep(limit: 64)) { try check(text(65)) }
        #expect(throws: JSONValidation.Violation.tooDeep(limit: 64)) { try check(text(1_000_000)) }
    }

    @Test func `the length of a number is limited`() throws {
        try check("[0.\(String(repeating: "1", count: 62))]")
        #expect(throws: JSONValidation.Violation.syntax(offset: 1)) {
            try check("[\(String(repeating: "1", count: 65))]")
        }
    }

    @Test func `duplicates are found among many keys`() throws {
        let members = (0..<1000).map { "\"key\($0)\":\($0)" }
        try check("{" + members.joined(separator: ",") + "}")
        for name in ["key0", "key15", "key16", "key999"] {
            #expect(throws: JSONValidation.Violation.duplicateKey(name)) {
                try check("{" + members.joined(separator: ",") + ",\"\(name)\":1}")
            }
        }
    }

    @Test func `every truncation is rejected`() throws {
        let text = Array(#"{"a":[1,-2.5e3,{"b":"\u0041\ud83c\udf73é🍳"},[],{}],"c":true,"d":null}"#.utf8)
        try check(text)
        for count in text.indices {
            #expect(throws: JSONValidation.Violation.self) { try check(Array(text[..<count])) }
        }
    }

    @Test func `random bytes never trap`() {
        let letters = Array(#"{}[]":,\u0123 aetrufls-+.eE"#.utf8) + [0x00, 0x0A, 0x80, 0xC3, 0xA9, 0xFF]
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 0...24)).compactMap { _ in letters.randomElement() }
            do { try check(bytes) } catch {}
        }
    }

    /// 4 MB each; twice as much may take about twice as long, and never minutes.
    @Test(
        .timeLimit(.minutes(5)),
        arguments: [
            ("[", "[],", "1]"), ("[", "\"\\\\\\\"\",", "1]"), ("\"", "\\u0041", "\""), ("[", " ", "1]"),
            ("[", "1,", "1]"),
        ]
    )
    func `large hostile texts take linear time`(start: String, piece: String, end: String) throws {
        try check(start + String(repeating: piece, count: 4_000_000 / piece.utf8.count) + end)
    }

    @Test(.timeLimit(.minutes(5)))
    func `many keys take linear time`() throws {
        try check("{" + (0..<300_000).map { "\"k\($0)\":0" }.joined(separator: ",") + "}")
    }
}
