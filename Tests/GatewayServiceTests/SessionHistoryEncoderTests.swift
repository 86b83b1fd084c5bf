import Contracts
import NIOCore
import Testing

@testable import GatewayService

struct SessionHistoryEncoderTests {
    private func history(_ pages: [Message]...) -> String {
        var (encoder, json) = (SessionHistoryEncoder(), ByteBuffer(string: "["))
        for page in pages { encoder.write(page, to: &json) }
        encoder.finish(&json)
        return String(String(buffer: json).dropLast())
    }

    @Test func `each turn is a message of the user and one of the assistant`() {
        #expect(history() == "[]")
        let (question, answer) = (Sample.said(.user, "Hi \"you\"\r\n"), Sample.said(.assistant, "Hello."))
        let first = #"{"role":"user","content":"Hi \"you\"\r\n"},{"role":"assistant","content":"Hello."}"#
        #expect(history([question, answer]) == "[\(first)]")
        #expect(history([question, answer], [question, answer]) == "[\(first),\(first)]")
        #expect(history([question], [question, answer]) == #"[{"role":"user","content":"Hi \"you\"\r\n"},\#(first)]"#)
    }

    @Test func `the texts of a run are one message, also across pages, without calls and results`() {
        let call = Sample.called("One moment. ", ("JokeDelivery", "{}"))
        let silent = Sample.called("", ("JokeDelivery", "{}"))
        let result = Sample.result("Knock.", of: "JokeDelivery")
        let answer = Sample.said(.assistant, "Knock.")
        let joined = #"[{"role":"assistant","content":"One moment. Knock."}]"#
        #expect(history([call, result, answer]) == joined)
        #expect(history([call], [result], [answer]) == joined)
        #expect(history([silent, result, answer]) == #"[{"role":"assistant","content":"Knock."}]"#)
        let other = Sample.said(.assistant, "Again.", run: Run.ID())
        let greeting = Sample.said(.assistant, "Welcome.", run: nil)
        let items = ["Welcome.", "Welcome.", "Knock.", "Again."].map { text in
            "{\"role\":\"assistant\",\"content\":\"\(text)\"}"
        }
        let separate = items.joined(separator: ",")
        #expect(history([greeting, greeting, answer, other]) == "[\(separate)]")
    }
}
