import Contracts
import Foundation
import NIOCore
import Testing

@testable import GatewayService

/// Validation of JSON before it is decoded.
struct JSONBodyTests {
    @Test(arguments: [
        "{}", "[]", " { } ", "\r\n\t[ ] ", "{\"a\":1}", "{\"a\":{\"a\":{\"a\":1}}}", "[{\"a\":1},{\"a\":2}]",
        "{\"a\":[],\"b\":{},\"c\":[{}]}", "{\"a\" : [ 1 , 2 ] , \"b\" : null }",
        "{\"a\":true,\"b\":false,\"c\":-1.5e+10}",
        "{\"\":1}", "{\"a\":\"\\u0041\\ud83c\\udf73\\\\\\\"\\/\\b\\f\\n\\r\\t\"}",
        "{\"a\":\"\u{1F373}é漢\u{7F}\u{2028}\"}",
        "{\"a\":\"}{][,:\"}", "\"x\"", "1", "true",
    ])
    func `unambiguous JSON is valid`(_ text: String) throws {
        try JSONBody.validate(ByteBuffer(string: text))
    }

    @Test func `64 levels are valid, 65 are not`() throws {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            func text(_ depth: Int) -> ByteBuffer {
                ByteBuffer(string: String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth))
            }
            try JSONBody.validate(text(64))
            #expect(throws: Fault.self) { try JSONBody.validate(text(65)) }
        }
    }

    @Test(arguments: MalformedBody.json.map(\.bytes))
    func `ambiguous JSON is refused by the validation or the decoder`(_ bytes: [UInt8]) {
        #expect(throws: (any Error).self) {
            try JSONBody.validate(ByteBuffer(bytes: bytes))
            _ = try JSONDecoder().decode([String: LooseValue].self, from: Data(bytes)).count
            throw Fault(.invalid, "Let through by both.")
        }
    }

    @Test func `every truncated text is invalid`() throws {
        let text = Array(#"{"a":[1,-2.5e3,{"b":"\u0041\ud83c\udf73é🍳"},[],{}],"c":true,"d":null}"#.utf8)
        try JSONBody.validate(ByteBuffer(bytes: text))
        for count in 0..<text.count {
            #expect(throws: Fault.self) { try JSONBody.validate(ByteBuffer(bytes: text.prefix(count))) }
        }
    }

    @Test func `random bytes do not trap`() {
        var generator = SystemRandomNumberGenerator()
        let letters = Array(#"{}[]":,\u0123 aetrufls-+.eE"#.utf8) + [0x00, 0x0A, 0x80, 0xC3, 0xA9, 0xFF]
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 0...24, using: &generator)).compactMap { _ in
                letters.randomElement(using: &generator)
            }
            do { try JSONBody.validate(ByteBuffer(bytes: bytes)) } catch { #expect(error is Fault) }
        }
    }

    private struct LooseValue: Decodable {}
}
