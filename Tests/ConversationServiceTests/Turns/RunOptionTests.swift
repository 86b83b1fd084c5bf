import Bus
import Contracts
import TestSupport
import Testing

/// A run carries its options.
@Suite(.timeLimit(.minutes(5)))
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
                tools: []
            )
            let content = Message.Content(text: "Hello")
            let start = Runs.Start(conversation: conversation.id, content: content, options: options)
            let turn = try await fixture.bus.call(Runs.Complete(start), fixture.context())
            #expect(turn.end.context?.window == 500)
            let asked = try #require(fixture.inference.requests.last)
            #expect(asked.model == "other/model" && asked.options == options.parameters)
            #expect(asked.tools == nil)
        }
    }

    @Test func `a repeat with other options is rejected, before and after the end of the run`() async throws {
        try await Fixture.with { fixture in
            let conversation = try await fixture.open()
            let tools: [String] = []
            let options = Run.Options(model: "scripted/model", temperature: 0.5, tools: tools)
            func request(_ options: Run.Options?) -> Runs.Complete {
                let content = Message.Content(text: "Hello")
                return Runs.Complete(
                    Runs.Start(conversation: conversation.id, content: content, key: "k", options: options)
                )
            }
            fixture.inference.play([.hold, .text("Hi"), .finish])
            async let first = fixture.bus.call(request(options), fixture.context())
            try await eventually("The model's call") { fixture.inference.requests.count == 1 }
            let others = [
                nil, Run.Options(model: "scripted/model"), Run.Options(model: "other", temperature: 0.5, tools: tools),
            ]
            for other in others { try await fixture.expectFault(request(other), fixture.context(), .keyReused) }
            fixture.inference.release()
            let turn = try await first
            for other in others { try await fixture.expectFault(request(other), fixture.context(), .keyReused) }
            #expect(try await fixture.bus.call(request(options), fixture.context()).run == turn.run)
            #expect(fixture.inference.requests.count == 1)
        }
    }

    @Test func `a regeneration without options uses those of the last run`() async throws {
        try await Fixture.with { fixture in
            let conversation = try await fixture.open()
            let options = Run.Options(model: "scripted/model", maxTokens: 7, temperature: 0.5)
            let content = Message.Content(text: "Hello")
            let start = Runs.Start(conversation: conversation.id, content: content, options: options)
            let turn = try await fixture.bus.call(Runs.Complete(start), fixture.context())
            let question = turn.userMessage.id
            _ = try await fixture.send(nil, insteadOf: question, in: conversation, key: "k")
            #expect(fixture.inference.requests.map(\.options) == [options.parameters, options.parameters])
            _ = try await fixture.send(nil, insteadOf: question, in: conversation, key: "k")
            let changed = Run.Options(maxTokens: 9)
            let again = Runs.Start(conversation: conversation.id, content: nil, insteadOf: question, options: changed)
            _ = try await fixture.bus.call(Runs.Complete(again), fixture.context())
            _ = try await fixture.send(nil, insteadOf: question, in: conversation)
            #expect(fixture.inference.requests.dropFirst(2).map(\.options) == [changed.parameters, changed.parameters])
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
