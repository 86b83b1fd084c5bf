import Bus
import Contracts
import TestSupport
import Testing

@testable import ConversationService

/// Tools that hang: the run is stopped, reaches its time limit, or goes on without their result.
@Suite(.timeLimit(.minutes(5)))
struct ToolStopTests {
    private static let answer: [ScriptedInference.Step] = [.text("Warm."), .finish]

    @Test func `a stop does not wait for a tool that ignores its cancellation, whose late result is discarded`()
        async throws
    {
        try await withTemporaryDirectory { directory in
            try await TurnTestbed.with(directory) { testbed in
                let conversation = try await testbed.store.base.openConversation()
                let gate = Gate()
                testbed.tool.onCall(after: { await gate.wait() })
                testbed.inference.play(each: [ScriptedInference.calling("a", "b"), Self.answer])
                let run = try await testbed.start("How?", in: conversation, options: ScriptedInference.toolOptions)
                try await eventually("The tool") { gate.count == 1 }
                let cancel = Runs.Cancel(conversation: conversation.id, run: run.run.id)
                #expect(try await testbed.handlers.cancel(cancel, TurnTestbed.context).status == .stopped)
                let stored = try await testbed.messages(of: conversation)
                #expect(stored.suffix(2).map(\.content.text) == [ToolResult.stopped.text, ToolResult.notRun.text])
                let prompt = try await testbed.goOn(in: conversation)
                #expect(prompt.count { $0.role == .tool } == 2)
                gate.open()
                _ = try await testbed.goOn(in: conversation)
                #expect(try await testbed.messages(of: conversation).prefix(stored.count) == stored[...])
                #expect(testbed.tool.effects.map(\.id) == ["a"])
            }
        }
    }

    @Test func `the model goes on without the result of a tool that hangs`() async throws {
        try await withTemporaryDirectory { directory in
            let tasks = ToolTasks(limit: .milliseconds(50), grace: .milliseconds(20))
            try await TurnTestbed.with(directory, toolTasks: tasks) { testbed in
                let gate = Gate()
                testbed.tool.onCall(after: { await gate.wait() })
                let (end, steps, conversation, _) = try await testbed.ask([ScriptedInference.calling("a"), Self.answer])
                #expect(end.status == .completed && end.assistantMessage?.content.text == "Warm.")
                #expect(steps[1].content.text == ToolResult.timedOut.text)
                #expect(testbed.inference.requests.last?.messages.last?.text == ToolResult.timedOut.text)
                gate.open()
                try await eventually("The end of the tool") { tasks.count == 0 }
                _ = try await testbed.goOn(in: conversation)
                #expect(testbed.tool.effects.count == 1)
            }
        }
    }

    @Test func `a tool that outlasts the time limit of its run is run once, and no model is asked again`() async throws
    {
        try await withTemporaryDirectory { directory in
            try await TurnTestbed.with(directory, runLimit: .seconds(8)) { testbed in
                let gate = Gate()
                testbed.tool.onCall(after: { await gate.wait() })
                let (end, steps, conversation, _) = try await testbed.ask([
                    ScriptedInference.calling("a", "b"), Self.answer,
                ])
                #expect(end.status == .interrupted && end.fault?.code == .timeout)
                try #require(steps.map(\.role) == [.assistant, .tool, .tool])
                #expect(steps[1].content.text == ToolResult.timedOut.text)
                #expect(steps[2].content.text == ToolResult.notRun.text)
                #expect(testbed.inference.requests.count == 1)
                gate.open()
                _ = try await testbed.goOn(in: conversation)
                #expect(testbed.tool.effects.map(\.id) == ["a"])
            }
        }
    }
}
