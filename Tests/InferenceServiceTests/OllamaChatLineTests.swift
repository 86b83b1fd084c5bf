import Foundation
import JSON
import NIOCore
import TestSupport
import Testing

@testable import InferenceService

@Suite struct OllamaChatLineTests {
    private func read(_ text: String) throws -> OllamaChatLine {
        try OllamaChatLine(ByteBuffer(string: text))
    }

    @Test func `a line with text is parsed`() throws {
        let line = try read(FakeResponse.chatLines(["The"])[0])
        #expect(line.text == "The")
        #expect(!line.isDone)
        #expect(line.error == nil)
    }

    @Test func `the last line is parsed with its counts`() throws {
        let line = try read(FakeResponse.chatLines([], "length", 26, 298)[0])
        #expect(line.isDone)
        #expect(line.doneReason == "length")
        #expect(line.promptTokens == 26)
        #expect(line.completionTokens == 298)
    }

    @Test func `missing and invalid counts are nil`() throws {
        #expect(try read(#"{"done":true}"#).promptTokens == nil)
        for absurd in ["-1", "1e99", "99999999999999999999999999", "\"7\"", "null", "3.5", "[1]"] {
            #expect(try read("{\"done\":true,\"eval_count\":\(absurd)}").completionTokens == nil)
        }
    }

    @Test func `escapes are resolved as Foundation does`() throws {
        let texts = [
            #"\"\\\/\b\f\n\r\t"#, #"\u00e9\u4f60\u0041"#, #"\ud83d\ude00 and \uD83D\uDE00"#, "plain é 你 😀", "",
            #"\u0000"#, #"ends with \\"#,
        ]
        for text in texts {
            let json = "{\"message\":{\"content\":\"\(text)\"}}"
            let wanted = try JSONDecoder().decode([String: [String: String]].self, from: Data(json.utf8))
            #expect(try read(json).text == wanted["message"]?["content"])
        }
    }

    @Test func `half of a surrogate pair becomes U+FFFD`() throws {
        #expect(try read(#"{"message":{"content":"a\ud83db"}}"#).text == "a\u{FFFD}b")
        #expect(try read(#"{"message":{"content":"\ud83d\u0041"}}"#).text == "\u{FFFD}A")
        #expect(try read(#"{"message":{"content":"\ude00"}}"#).text == "\u{FFFD}")
    }

    @Test func `unknown members, thoughts and wrong types are ignored`() throws {
        let line = try read(
            """
            { "model" : "x", "message" : { "role":"assistant", "thinking":"hm \\" }", "content":"yes",
              "tool_calls":[{"function":{"arguments":{"a":[1,2,{"b":"}]"}]}}}] }, "done" : false ,
              "new":[[[{}]]], "n":-1.5e+3, "t":true, "z":null }
            """
        )
        #expect(line.text == "yes")
        #expect(!line.isDone)
        #expect(try read(#"{"message":null,"done":true}"#).isDone)
        #expect(try read(#"{"message":{"content":null},"done":"true"}"#) == read(#"{"message":{}}"#))
    }

    @Test func `an error is an error unless it is null`() throws {
        #expect(try read(#"{"error":"model runner has stopped"}"#).error?.message == "model runner has stopped")
        #expect(try read(#"{"error":{"code":1}}"#).error?.codes == ["1"])
        #expect(try read(#"{"error":"","message":{"content":"x"},"done":false}"#).error == nil)
        #expect(try read(#"{"message":"It broke.","code":"busy"}"#).error?.message == "It broke.")
        #expect(try read(#"{"message":{"content":"x"},"detail":"no error"}"#).error == nil)
        #expect(try read(#"{"error":null,"done":true}"#).error == nil)
    }

    @Test(arguments: [
        "", " ", "null", "[]", "\"x\"", "{", "}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{,}", "{\"a\":1}x",
        "{\"a\":1}{}",
        "{'a':1}", "{\"a\":tru}", "{\"a\":\"\\x\",\"message\":{\"content\":\"\\x\"}}",
        "{\"message\":{\"content\":\"\\u12\"}}",
        "{\"message\":{\"content\":\"\\u12g4\"}}", "{\"message\":{\"content\":\"a\nb\"}}", "{\"a\":[}", "{\"a\":]}",
        "{\"a\":\"\\",
        "data: {\"done\":true}", "<html>", "{\"done\":true", "\u{FEFF}{}",
    ])
    func `a line that is not a JSON object is malformed`(_ text: String) {
        #expect(throws: JSONScanner.Malformed.self) { try read(text) }
    }

    @Test func `invalid UTF-8 is malformed`() {
        for bad: [UInt8] in [
            [0xFF], [0xC3], [0xE4, 0xBD], [0xED, 0xA0, 0x80], [0xC0, 0x80], [0xF5, 0x80, 0x80, 0x80],
        ] {
            var line = ByteBuffer(string: #"{"message":{"content":"a"#)
            line.writeBytes(bad)
            line.writeString(#""}}"#)
            #expect(throws: JSONScanner.Malformed.self) { try OllamaChatLine(line) }
        }
    }

    @Test func `deep nesting uses no stack`() throws {
        let depth = 200_000
        let text =
            "{\"a\":" + String(repeating: "[", count: depth) + String(repeating: "]", count: depth) + ",\"done\":true}"
        #expect(try read(text).isDone)
        #expect(throws: JSONScanner.Malformed.self) { try read("{\"a\":" + String(repeating: "{\"a\":", count: depth)) }
    }

    @Test func `truncated and corrupted lines do not crash`() throws {
        var generator = SystemRandomNumberGenerator()
        for line in FakeResponse.chatLines(["Grüße \\ \"quoted\" 😀\n"]) {
            let bytes = Array(line.utf8)
            for end in 0..<bytes.count {
                #expect(throws: JSONScanner.Malformed.self) { try OllamaChatLine(ByteBuffer(bytes: bytes[..<end])) }
            }
            for _ in 0..<20_000 {
                var changed = bytes
                changed[Int.random(in: 0..<bytes.count, using: &generator)] = .random(in: 0...255, using: &generator)
                do { _ = try OllamaChatLine(ByteBuffer(bytes: changed)) } catch is JSONScanner.Malformed {}
            }
        }
    }
}
