import Contracts
import NIOCore
import Testing

@testable import GatewayService

struct SessionEventEncoderTests {
    private func encode(_ batches: [Run.Event]...) -> (text: String, encoder: SessionEventEncoder) {
        var (encoder, frames) = (SessionEventEncoder(), ByteBuffer())
        for batch in batches { encoder.write(batch, to: &frames) }
        return (String(buffer: frames), encoder)
    }

    private func text(_ text: String) -> Run.Event { Run.Event(number: 2, text: text) }

    @Test(
        arguments: [
            ("Hello", "data: Hello\r\n\r\n"), (" world", "data:  world\r\n\r\n"),
            ("\n", "data: \r\ndata: \r\n\r\n"), ("a\nb", "data: a\r\ndata: b\r\n\r\n"),
            ("a\r\nb", "data: a\r\ndata: b\r\n\r\n"), ("a\rb", "data: a\r\ndata: b\r\n\r\n"),
            ("a\n\r\n\rb", "data: a\r\ndata: \r\ndata: \r\ndata: b\r\n\r\n"), ("a\n", "data: a\r\ndata: \r\n\r\n"),
            ("data: x\n\nevent: error", "data: data: x\r\ndata: \r\ndata: event: error\r\n\r\n"),
            ("é 漢字 🍳\u{2028}", "data: é 漢字 🍳\u{2028}\r\n\r\n"), ("", ""),
        ]
    )
    func `a token is one event with a line for each of its lines`(_ token: String, _ frame: String) {
        #expect(encode([text(token)]).text == frame)
    }

    @Test func `an event has no name, no id and no end marker`() {
        let (stream, encoder) = encode(Sample.turn([text("Hel"), text("lo")]))
        #expect(stream == "data: Hel\r\n\r\ndata: lo\r\n\r\n")
        #expect(encoder.isFinished && encoder.failure == nil)
    }

    @Test func `only a text is an answer, not the question, reasoning and steps`() {
        let reasoning = Run.Event(number: 2, reasoning: "Hm.")
        let step = Run.Event(number: 2, step: Sample.called("", ("JokeDelivery", "{}")))
        #expect(!encode([Run.Event(number: 1, userMessage: Sample.question)]).encoder.hasAnswer)
        for event in [reasoning, step] { #expect(!encode([event]).encoder.hasAnswer) }
        #expect(encode([text("x")]).encoder.hasAnswer)
        #expect(encode([reasoning]).text.isEmpty)
        #expect(encode([step]).text.isEmpty)
    }

    @Test func `the answer of a tool is sent once, whether it had events or not`() {
        let call = Run.Event(number: 2, step: Sample.called("", ("JokeDelivery", #"{"text":"Knock."}"#)))
        let result = Run.Event(number: 3, step: Sample.result("Knock.", of: "JokeDelivery"))
        var end = Sample.end
        end.assistantMessage = Sample.said(.assistant, "Knock.")
        #expect(encode(Sample.turn([call, result], end: end)).text == "data: Knock.\r\n\r\n")
        #expect(encode(Sample.turn([call, result, text("Knock.")], end: end)).text == "data: Knock.\r\n\r\n")
        let before = Sample.turn([text("One moment. "), call, result, text("Knock.")], end: end)
        #expect(encode(before).text == "data: One moment. \r\n\r\ndata: Knock.\r\n\r\n")
    }

    @Test func `a failed run has a failure, after the text that it stored`() {
        let fault = Fault(.provider, "The model said no.")
        let (stream, encoder) = encode(Sample.turn([], end: Sample.failure(fault)))
        #expect(stream.isEmpty && encoder.isFinished && encoder.failure == fault && !encoder.hasAnswer)
        #expect(encode(Sample.turn([], end: Sample.failure(fault, text: "Hel"))).text == "data: Hel\r\n\r\n")
        var frames = ByteBuffer()
        SessionEventEncoder.write(error: fault, to: &frames)
        #expect(String(buffer: frames) == "event: error\r\ndata: {\"detail\":\"The model said no.\"}\r\n\r\n")
    }

    @Test func `a ping is a comment with the time`() {
        #expect(
            String(buffer: SessionEventEncoder.ping(at: Sample.moment)) == ": ping - 2025-11-25 07:03:25.123456\r\n\r\n"
        )
    }
}
