import Bus
import Contracts
import NIOCore
import Testing

@testable import ConversationService

struct RunEventJSONTests {
    @Test(arguments: [
        "", "plain", "quote \" backslash \\ slash /", "line\nbreak\r\ttab", "\u{0}\u{1}\u{1F}\u{7F}", "zoë 🙂 日本語",
        "data: [DONE]\n\n", "\u{2028}\u{2029}",
    ])
    func `any text is encoded losslessly`(text: String) throws {
        let line = RunEventJSON.text(text, number: 42)
        let event = try BusCoding.decode(Run.Event.self, from: line)
        #expect(event == Run.Event(number: 42, text: text))
        #expect(!line.readableBytesView.contains(UInt8(ascii: "\n")))
    }

    @Test func `a text event has exactly the form that the gateway parses`() {
        #expect(String(buffer: RunEventJSON.text("Hel", number: 3)) == #"{"number":3,"text":"Hel"}"#)
    }
}
