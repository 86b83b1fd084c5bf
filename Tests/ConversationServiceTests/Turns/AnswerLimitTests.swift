import Bus
import Contracts
import NIOCore
import TestSupport
import Testing

@testable import ConversationService

/// The size of an answer is limited, and so is the memory of all histories.
@Suite(.timeLimit(.minutes(5)))
struct AnswerLimitTests {
    @Test func `a model that does not stop is cut at the limit, with the finish reason length`() async throws {
        try await withTemporaryDirectory { directory in
            try await TurnTestbed.with(directory) { testbed in
                let conversation = try await testbed.store.base.openConversation()
                let part = String(repeating: "ä", count: Run.maxAnswerBytes / 6)
                testbed.inference.play([.text("x")] + Array(repeating: .text(part), count: 4) + [.hang])
                let run = try await testbed.start("Hello", in: conversation)
                let end = try await run.end()
                #expect(end.status == .completed && end.finishReason == .length)
                let bytes = try #require(end.assistantMessage).content.text.utf8.count
                #expect(bytes == Run.maxAnswerBytes - 1)
                let stored = try await testbed.lines(of: run.run.id, in: conversation)
                #expect(stored.map { $0.readableBytes }.max() ?? 0 > bytes)
            }
        }
    }

    @Test func `a piece is cut between characters, and calls and metadata that do not fit are left out`() {
        var step = StepState(byteLimit: 10)
        #expect(step.append(.reasoning, "abc") == "abc")
        #expect(step.append(.text, "ééé€") == "ééé")
        #expect(step.isTruncated && step.append(.text, "x").isEmpty)
        #expect(step.chunks.map(\.bytes) == [3, 6])
        var calling = StepState(byteLimit: 10)
        calling.append([Inference.ToolCallDelta(index: 0, id: "1", name: "weather", arguments: "{}")])
        #expect(calling.finish(Inference.Finish(reason: .toolCalls, model: "a/b", usage: nil)) == .toolCalls)
        #expect(calling.toolCalls?.count == 1)
        var large = StepState(byteLimit: 10)
        large.append([Inference.ToolCallDelta(index: 0, id: "1", name: "weather", arguments: "{\"a\":1}")])
        #expect(large.finish(Inference.Finish(reason: .toolCalls, model: "a/b", usage: nil)) == .length)
        #expect(large.toolCalls == nil)
        var opaque = StepState(byteLimit: 10)
        let metadata = RawJSON("{\"signature\":1}")
        #expect(opaque.finish(Inference.Finish(reason: .stop, model: "a/b", usage: nil, metadata: metadata)) == .length)
        #expect(opaque.metadata == nil)
    }

    @Test
    func `a run that is stopped while the model reasons keeps its events, and the next prompt has no empty answer`()
        async throws
    {
        try await withTemporaryDirectory { directory in
            try await TurnTestbed.with(directory) { testbed in
                let conversation = try await testbed.store.base.openConversation()
                testbed.inference.play([ScriptedInference.reasoning("Hmm"), .hang])
                let run = try await testbed.start("Hello", in: conversation)
                try await eventually("The reasoning") { run.nextNumber == 3 }
                let cancel = Runs.Cancel(conversation: conversation.id, run: run.run.id)
                #expect(try await testbed.handlers.cancel(cancel, TurnTestbed.context).status == .stopped)
                let events = try await testbed.lines(of: run.run.id, in: conversation)
                    .map { try BusCoding.decode(Run.Event.self, from: $0) }
                #expect(events.map(\.number) == [1, 2, 3] && events[1].reasoning == "Hmm")
                testbed.inference.play([.text("Yes."), .finish])
                _ = try await testbed.start("Again", in: conversation).end()
                let asked = try #require(testbed.inference.requests.last)
                #expect(asked.messages.suffix(2).map(\.text) == ["Hello", "Again"])
            }
        }
    }

    @Test func `idle histories are evicted when their bytes exceed the budget`() async throws {
        try await withTemporaryDirectory { directory in
            let budget = HistoryBudget(limit: 300_000)
            try await TurnTestbed.with(directory, budget: budget) { testbed in
                let alice = Principal(user: "alice")
                for _ in 0..<40 {
                    let text = String(repeating: "x", count: 50_000)
                    let request = Conversations.Import.sample([.init(role: .user, content: text)])
                    let imported = try ImportedConversation(request, at: .now())
                    _ = try await testbed.store.base.importConversation(imported, of: alice).get()
                    try await testbed.turns.conversations.with(request.id, of: alice) { _ in }
                    #expect(budget.bytes < 300_000 + 60_000)
                }
                #expect((3...6).contains(testbed.turns.conversations.count))
            }
        }
    }
}
