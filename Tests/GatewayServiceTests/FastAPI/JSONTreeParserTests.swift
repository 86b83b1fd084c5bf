import Contracts
import Testing

@testable import GatewayService

/// Parsing of JSON with Python's error messages.
struct JSONTreeParserTests {
    @Test(arguments: [
        ("{}", "{}"), (" [ ] ", "[]"), ("null", "null"), ("true", "true"), (" false\n", "false"),
        ("-1.50e+3", "-1.50e+3"),
        ("{\"b\" : 1, \"a\":[1,{\"c\":null} , \"x\"]}", "{\"b\":1,\"a\":[1,{\"c\":null},\"x\"]}"),
        ("\"\\u00fc\\n\\/\\ud83d\\ude00\u{1F600}\"", "\"ü\\n/\u{1F600}\u{1F600}\""), ("0", "0"), ("-0.0", "-0.0"),
    ])
    func `a value keeps its members in order`(_ text: String, _ compact: String) throws {
        #expect(try JSONTreeParser.parse(Array(text.utf8)).json.text == compact)
    }

    /// What `json.loads` of Python 3.11 says of each text.
    @Test(arguments: [
        ("", 0, "Expecting value"), (" ", 1, "Expecting value"),
        ("{", 1, "Expecting property name enclosed in double quotes"), ("{\"", 1, "Unterminated string starting at"),
        ("{\"a", 1, "Unterminated string starting at"), ("{\"a\"", 4, "Expecting ':' delimiter"),
        ("{\"a\":", 5, "Expecting value"), ("{\"a\":1", 6, "Expecting ',' delimiter"),
        ("{\"a\":1,", 7, "Expecting property name enclosed in double quotes"),
        ("{\"a\":1,}", 7, "Expecting property name enclosed in double quotes"),
        ("{a:1}", 1, "Expecting property name enclosed in double quotes"),
        ("{\"a\" 1}", 5, "Expecting ':' delimiter"), ("{\"a\":1 \"b\":2}", 7, "Expecting ',' delimiter"),
        ("[", 1, "Expecting value"), ("[1", 2, "Expecting ',' delimiter"), ("[1,", 3, "Expecting value"),
        ("[1,]", 3, "Expecting value"), ("[1 2]", 3, "Expecting ',' delimiter"), ("{}x", 2, "Extra data"),
        ("1 2", 2, "Extra data"), ("nul", 0, "Expecting value"), ("-", 0, "Expecting value"), ("01", 1, "Extra data"),
        ("1.", 1, "Extra data"), (".5", 0, "Expecting value"), ("\"\\x\"", 1, "Invalid \\escape"),
        ("\"\\u12\"", 2, "Invalid \\uXXXX escape"), ("\"\\u12g4\"", 2, "Invalid \\uXXXX escape"),
        ("\"a\nb\"", 2, "Invalid control character at"), ("\"\\", 0, "Unterminated string starting at"),
        ("\"é\\q\"", 2, "Invalid \\escape"), ("[\"é\",x]", 5, "Expecting value"),
        ("{\"é\":1,x}", 7, "Expecting property name enclosed in double quotes"), ("[1,,2]", 3, "Expecting value"),
        ("{\"a\":}", 5, "Expecting value"), ("{\"a\":01}", 6, "Expecting ',' delimiter"),
        ("  {\"a\":1}  ,", 11, "Extra data"), ("\"\\u", 2, "Invalid \\uXXXX escape"),
        ("{\"message\":\"a}", 11, "Unterminated string starting at"), ("[1e5,1.e5]", 6, "Expecting ',' delimiter"),
        ("+1", 0, "Expecting value"), ("[-]", 1, "Expecting value"), ("{\"a\":nulll}", 9, "Expecting ',' delimiter"),
    ])
    func `errors are those of Python`(_ text: String, _ offset: Int, _ message: String) {
        #expect(throws: JSONTreeParser.Failure(message: message, offset: offset)) {
            try JSONTreeParser.parse(Array(text.utf8))
        }
    }

    /// What Python lets through and Parley does not.
    @Test(arguments: [
        ("NaN", "Expecting value"), ("[Infinity]", "Expecting value"), ("[-Infinity]", "Expecting value"),
        ("\"\\ud800\"", "Invalid \\uXXXX escape"), ("\"\\udc00\\ud800\"", "Invalid \\uXXXX escape"),
        ("\"\\u0000\"", "Invalid \\uXXXX escape"), ("{\"a\":1,\"\\u0061\":2}", "Duplicate property name"),
        (String(repeating: "1", count: 65), "Number longer than 64 digits"),
        (String(repeating: "[", count: 65) + String(repeating: "]", count: 65), "Nested deeper than 64 levels"),
    ])
    func `a text with several meanings is an error`(_ text: String, _ message: String) {
        let failure = #expect(throws: JSONTreeParser.Failure.self) { try JSONTreeParser.parse(Array(text.utf8)) }
        #expect(failure?.message == message)
    }

    @Test func `64 levels are accepted`() throws {
        let text = String(repeating: "[", count: 64) + String(repeating: "]", count: 64)
        #expect(try JSONTreeParser.parse(Array(text.utf8)).json.text == text)
    }

    @Test func `every truncated text is an error, and no random text traps`() {
        let text = Array(#"{"a":[1,-2.5e3,{"b":"\u0041\ud83c\udf73é🍳"},[],{}],"c":true,"d":null}"#.utf8)
        for count in 0..<text.count {
            #expect(throws: JSONTreeParser.Failure.self) { try JSONTreeParser.parse(Array(text.prefix(count))) }
        }
        var generator = SystemRandomNumberGenerator()
        let letters = Array(#"{}[]":,\u0123 aetrufls-+.eE"#.utf8) + [0x00, 0x0A]
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 0...24, using: &generator)).compactMap { _ in
                letters.randomElement(using: &generator)
            }
            guard let tree = try? JSONTreeParser.parse(bytes) else { continue }
            let again = try? JSONTreeParser.parse(Array(tree.json.text.utf8))
            #expect(again == tree)
        }
    }
}
