import Bus
import Contracts
import TestSupport
import Testing

/// A run carries its options.
@Suite(.timeLimit(.minutes(1)))
struct RunOptionTests {
    @Test func `the options of a request reach the model`() async throws {
        try await Fixture.with { fixture in
            let conversation = try await fixture.open()
            fixture.inference.addModel(Model(name: "other/model", window: 500))
            let options = Run.Options(
                model: "other/model",
                maxTokens: 5,
                stop: ["."],
                temperature: 0.5,
                seed: 3,
                topP: 0.9,
                tools: RawJSON("[]"),
                toolChoice: RawJSON("\"none\"")
            )
            let content = Message.Content(text: "Hello")
            let start = Runs.Start(conversation: conversation.id, content: content, options: options)
            let turn = try await fixture.bus.call(Runs.Complete(start), fixture.context())
            #expect(turn.end.context?.window == 500)
            let asked = try #require(fixture.inference.requests.last)
            #expect(asked.model == "other/model" && asked.options == options.parameters)
            #expect(asked.tools?.text == "[]" && asked.toolChoice?.text == "\"none\"")
        }
    }

    @Test func `a late repeat of a failed request answers it and leaves the later turns on the path`() async throws {
        try await Fixture.with { fixture in
            let conversation = try await fixture.open()
            fixture.inference.play([.fail(Fault(.provider, "No."))])
            let failed = try await fixture.send("One", in: conversation, key: "k")
            #expect(failed.end.status == .failed)
            _ = try await fixture.turn("Two", "due", in: conversation)
            _ = try await fixture.turn("Three", "tre", in: conversation)
            fixture.inference.play([.text("uno"), .finish])
            let repeated = try await fixture.send("One", in: conversation, key: "k")
            #expect(repeated.end.status == .completed)
            #expect(repeated.userMessage.id == failed.userMessage.id)
            let texts = try await fixture.texts(of: conversation)
            #expect(texts.filter { $0 != "uno" } == ["One", "Two", "due", "Three", "tre"])
            _ = try await fixture.turn("Four", "quattro", in: conversation)
            #expect(try await fixture.texts(of: conversation) == texts + ["Four", "quattro"])
            #expect(fixture.promptTexts() == texts + ["Four"])
        }
    }
}
