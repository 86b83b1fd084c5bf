import Bus
import Contracts
import NIOCore
import Testing

@testable import InferenceService

@Suite struct EventEncodingTests {
    @Test(arguments: [
        "", "plain", "\"\\/\n\r\t\u{0}\u{1F}\u{7F}", "é你😀\u{2028}", String(repeating: "a\"", count: 5000),
    ])
    func `an event written by hand is the event`(_ text: String) throws {
        let decoded = try BusCoding.decode(Inference.Event.self, from: .event(text: text))
        #expect(decoded == Inference.Event(text: text))
    }

    @Test func `a finish written by hand is the finish`() throws {
        let usage = Usage(promptTokens: 7, completionTokens: 0, isEstimated: true)
        for finish in [
            Inference.Finish(reason: .length, model: "ollama/a\"b", usage: usage),
            Inference.Finish(reason: .contentFilter, model: "demo/demo", usage: nil),
        ] {
            let decoded = try BusCoding.decode(Inference.Event.self, from: .event(finish: finish))
            #expect(decoded == Inference.Event(finish: finish))
        }
    }
}
