import Bus
import Contracts
import NIOCore
import Testing

@testable import InferenceService

@Suite struct DemoProviderTests {
    private static let hello = ByteBuffer(string: #"[{"role":"user","content":"Hello!"}]"#)

    private func outcome(
        _ options: Inference.Options = Inference.Options(),
        text: String = "Count to 50"
    ) async throws -> Outcome {
        let messages: [Inference.Message] = [
            .init(role: .user, content: "hi"), .init(role: .assistant, content: "Hello."),
            .init(role: .user, content: text),
        ]
        return try await Outcome {
            try await DemoProvider(pace: .zero).generate(
                Prompt(model: "demo", messages: BusCoding.encode(messages), options: options)
            )
        }
    }

    @Test func `it streams words and finishes once`() async throws {
        let outcome = try await outcome()
        #expect(outcome.text == (1...50).map(String.init).joined(separator: ", ") + ".")
        #expect(outcome.events == 51)
        #expect(outcome.finish?.reason == .stop)
        #expect(outcome.finish?.model == "demo/demo")
        #expect(outcome.finish?.usage?.isEstimated == true)
        #expect(outcome.finish?.usage?.completionTokens == 50)
    }

    @Test func `it respects the token limit`() async throws {
        let outcome = try await outcome(.init(maxTokens: 3))
        #expect(outcome.text == "1, 2, 3,")
        #expect(outcome.finish?.reason == .length)
        #expect(try await self.outcome(.init(maxTokens: 50)).finish?.reason == .stop)
    }

    @Test func `it stops before the first stop text`() async throws {
        let outcome = try await outcome(.init(stop: ["9", ", 4", "nothing", ""]))
        #expect(outcome.text == "1, 2, 3")
        #expect(outcome.finish?.reason == .stop)
        #expect(try await self.outcome(.init(stop: ["1"])).text == "")
    }

    @Test func `it waits before each word`() async throws {
        let provider = DemoProvider(pace: .milliseconds(5))
        let start = ContinuousClock.now
        let outcome = try await Outcome {
            try await provider.generate(Prompt(model: "demo", messages: Self.hello))
        }
        #expect(.now - start >= .milliseconds(5) * (outcome.events - 2))
    }

    @Test func `it has one model`() async throws {
        await #expect(throws: Fault.self) { try await DemoProvider().model("other").window }
        #expect(try await DemoProvider().model("demo").window == 8192)
    }

    @Test(.timeLimit(.minutes(5))) func `it ends immediately when its reader is cancelled`() async throws {
        let stream = try await DemoProvider(pace: .seconds(600)).generate(
            Prompt(model: "demo", messages: Self.hello)
        )
        let reading = Task {
            var words = 0
            while try await stream.nextBatch() != nil { words += 1 }
            return words
        }
        reading.cancel()
        await #expect(throws: CancellationError.self) { try await reading.value }
    }

    @Test func `embeddings of several megabytes are computed in batches`() async throws {
        try await withInference { bus in
            let text = String(repeating: " ", count: 700_000) + "tea"
            let request = Inference.Embed(model: "demo/hash-embedding", input: [text, "tea", text, text])
            let answer = try await bus.call(request, CallContext())
            #expect(answer.vectors.count == 4)
            #expect(Set(answer.vectors).count == 1)
            let long = String(repeating: " ", count: (4 << 20) + 1)
            let fault = await #expect(throws: Fault.self) {
                _ = try await bus.call(Inference.Embed(model: "demo/hash-embedding", input: [long]), CallContext())
            }
            #expect(fault?.code == .contextTooLong)
        }
    }
}
