import Bus
import Contracts
import Foundation
import JSON
import NIOCore
import Testing

@testable import GatewayService

struct RunEventEncoderTests {
    private static let texts = ["", "Hel", "\"", "\\", "\\\"", "\n\n", "é🍳", "}", "\"}", ",\"end\":{}", "\u{1}", "/"]

    @Test(arguments: texts)
    func `copied and decoded text is encoded identically`(_ text: String) throws {
        var quick = ByteBuffer(string: "{\"number\":3,\"text\":")
        JSONText.write(text, to: &quick)
        quick.writeString("}")
        var slow = ByteBuffer(string: "{ \"text\":")
        JSONText.write(text, to: &slow)
        slow.writeString(", \"number\": 3 }")
        let wanted = try frame(try BusCoding.encode(Run.Event(number: 3, text: text)))
        #expect(try frame(quick) == wanted)
        #expect(try frame(slow) == wanted)
        #expect(wanted.hasPrefix("id: 3\nevent: token\ndata: {\"text\":\"") && wanted.hasSuffix("\"}\n\n"))
        #expect(wanted.filter(\.isNewline).count == 4)
    }

    @Test func `text is copied without re-encoding`() throws {
        let element = #"{"number":12,"text":"\u0041\/é"}"#
        #expect(try frame(ByteBuffer(string: element)) == "id: 12\nevent: token\ndata: {\"text\":\"\\u0041\\/é\"}\n\n")
    }

    @Test(arguments: [
        #"{"number":3,"text":"a","more":"b"}"#, #"{"number":3,"text":"a","text2":"b"}"#, #"{"number":3 ,"text":"a"}"#,
        #"{"number":3,"text":"a" }"#,
    ])
    func `an element of another form is decoded`(_ element: String) throws {
        #expect(try frame(ByteBuffer(string: element)) == "id: 3\nevent: token\ndata: {\"text\":\"a\"}\n\n")
    }

    @Test(arguments: [
        "", "{", "{}", "{\"number\":", "{\"number\":}", "{\"number\":,\"text\":\"a\"}", "{\"number\":3,\"text\":\"}",
        "{\"number\":3,\"text\":}", "{\"number\":3,\"text\":\"a\\\"}", "{\"number\":-,\"text\":\"a\"}",
        "{\"number\":3,\"text\":\"a\nb\"}", "{\"number\":3,\"text\":\"a\"", "{\"number\":\"3\",\"text\":\"a\"}", "null",
    ])
    func `a malformed element is a fault`(_ element: String) {
        #expect(throws: Fault.self) { try frame(ByteBuffer(string: element)) }
    }

    @Test func `a truncated element is never accepted`() {
        let element = Array(#"{"number":345,"text":"a\"b\\c🍳"}"#.utf8)
        for count in 0..<element.count {
            #expect(throws: Fault.self) { try frame(ByteBuffer(bytes: element.prefix(count))) }
        }
    }

    @Test func `a batch is encoded as one buffer`() throws {
        let elements = try [Run.Event(number: 2, text: "a"), Run.Event(number: 3, text: "b")].map {
            try BusCoding.encode($0)
        }
        var frames = ByteBuffer()
        let isLast = try RunEventEncoder(run: Sample.run.id).write(elements, to: &frames)
        #expect(String(buffer: frames).split(separator: "\n\n").count == 2)
        #expect(!isLast)
    }

    @Test func `the elements before a malformed one are kept`() throws {
        var frames = ByteBuffer()
        let elements = [try BusCoding.encode(Run.Event(number: 2, text: "a")), ByteBuffer(string: "{")]
        #expect(throws: Fault.self) { try RunEventEncoder(run: nil).write(elements, to: &frames) }
        #expect(String(buffer: frames) == "id: 2\nevent: token\ndata: {\"text\":\"a\"}\n\n")
    }

    private func frame(_ element: ByteBuffer) throws -> String {
        var frames = ByteBuffer()
        _ = try RunEventEncoder(run: Sample.run.id).write([element], to: &frames)
        return String(buffer: frames)
    }
}
