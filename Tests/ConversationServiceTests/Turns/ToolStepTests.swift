import Bus
import Contracts
import NIOCore
import TestSupport
import Testing

@testable import ConversationService

/// A run with steps: the model calls tools and reads their results.
@Suite(.timeLimit(.minutes(5)))
struct ToolStepTests {
    private static let answer: [ScriptedInference.Step] = [
        ScriptedInference.reasoning("Warm."), .text("It is "), .text("warm."), .finish,
    ]

    private func events(_ lines: [ByteBuffer]) throws -> [Run.Event] {
        try lines.map { try BusCoding.decode(Run.Event.self, from: $0) }
    }

    @Test func `a run stores its steps, and its events are the same in life and in replay`() async throws {
        try await withTemporaryDirectory { directory in
            try await TurnTestbed.with(directory) { testbed in
                let conversation = try await testbed.store.base.openConversation()
                testbed.inference.play(each: [ScriptedInference.calling("a", "b"), Self.answer])
                let run = try await testbed.start(
                    "How is it?",
                    in: conversation,
                    options: ScriptedInference.toolOptions
                )
                let live = try await testbed.lines(of: run.run.id, in: conversation)
                let stored = try await testbed.lines(of: run.run.id, in: conversation)
                #expect(live == stored)
                let events = try events(live)
                #expect(events.map(\.number) == Array(1...events.count))
                #expect(events.compactMap(\.step).map(\.role) == [.assistant, .tool, .tool])
                #expect(events.compactMap(\.reasoning).joined() == "Which city?Warm.")
                #expect(events.compactMap(\.text).joined() == "Let me look.It is warm.")
                #expect(testbed.tool.effects.map(\.id) == ["a", "b"])
                let messages = Array(try await testbed.messages(of: conversation).dropFirst())
                #expect(messages.map(\.role) == [.user, .assistant, .tool, .tool, .assistant])
                #expect(messages[1...3].map { $0 } == events.compactMap(\.step))
                #expect(messages[1].toolCalls?.map(\.id) == ["a", "b"])
                #expect(messages[2].toolCallID == "a" && messages[2].name == "weather")
                for (message, next) in zip(messages, messages.dropFirst()) { #expect(next.parent == message.id) }
                let end = try #require(events.last?.end)
                #expect(end.status == .completed && end.finishReason == .stop)
                #expect(end.assistantMessage == messages.last)
                #expect(end.usage == Usage(promptTokens: 110, completionTokens: 9, isEstimated: false))
                let asked = try #require(testbed.inference.requests.last)
                #expect(asked.messages.suffix(4).map(\.role) == [.user, .assistant, .tool, .tool])
                #expect(asked.messages.last?.text == #"18 degrees in {"city":"b"}"#)
                #expect(asked.tools?.text.contains("\"weather\"") == true)
                testbed.inference.play(Self.answer)
                _ = try await testbed.start("And now?", in: conversation).end()
                let next = try #require(testbed.inference.requests.last)
                #expect(next.messages.suffix(6).map(\.role) == [.user, .assistant, .tool, .tool, .assistant, .user])
            }
        }
    }

    @Test func `calls of a model that was offered no tools are stored, and its text is the answer`() async throws {
        try await withTemporaryDirectory { directory in
            try await TurnTestbed.with(directory, hasTool: false) { testbed in
                let conversation = try await testbed.store.base.openConversation()
                testbed.inference.play(ScriptedInference.calling("a"))
                let run = try await testbed.start("How?", in: conversation)
                let end = try await run.end()
                #expect(end.status == .completed && end.finishReason == .stop)
                #expect(end.assistantMessage?.content.text == "Let me look.")
                #expect(end.assistantMessage?.toolCalls == nil)
                #expect(testbed.inference.requests.count == 1)
                let messages = try await testbed.messages(of: conversation)
                #expect(messages.suffix(3).map(\.role) == [.assistant, .tool, .assistant])
                let lines = try await testbed.lines(of: run.run.id, in: conversation)
                #expect(try events(lines).compactMap(\.text) == ["Let me look."])
                #expect(try events(lines).compactMap(\.step).map(\.role) == [.assistant, .tool])
                #expect(try await testbed.lines(of: run.run.id, in: conversation) == lines)
            }
        }
    }

    @Test func `a model that never stops calling tools is asked without tools after eight rounds`() async throws {
        try await withTemporaryDirectory { directory in
            try await TurnTestbed.with(directory) { testbed in
                let conversation = try await testbed.store.base.openConversation()
                let calls = (0...ToolRounds.limit).map { ScriptedInference.calling("\($0)") }
                testbed.inference.play(each: calls)
                let run = try await testbed.start("How?", in: conversation, options: ScriptedInference.toolOptions)
                let end = try await run.end()
                #expect(end.status == .completed && end.assistantMessage?.content.text == "Let me look.")
                #expect(testbed.tool.effects.map(\.id) == (0..<ToolRounds.limit).map { "\($0)" })
                let requests = testbed.inference.requests
                #expect(requests.map { $0.tools != nil } == Array(repeating: true, count: 8) + [false])
                let messages = try await testbed.messages(of: conversation)
                #expect(messages.count { $0.role == .tool } == ToolRounds.limit + 1)
                #expect(messages.dropLast().last?.content.text.contains("no tool can be called") == true)
                let lines = try await testbed.lines(of: run.run.id, in: conversation)
                #expect(try events(lines).map(\.number) == Array(1...lines.count))
            }
        }
    }

    @Test func `a model that only calls tools to the end leaves an interrupted run and no open call`() async throws {
        try await withTemporaryDirectory { directory in
            try await TurnTestbed.with(directory) { testbed in
                let conversation = try await testbed.store.base.openConversation()
                testbed.inference.play(each: (0...8).map { Array(ScriptedInference.calling("\($0)").dropFirst(2)) })
                let run = try await testbed.start("How?", in: conversation, options: ScriptedInference.toolOptions)
                let end = try await run.end()
                #expect(end.status == .interrupted && end.fault?.code == .provider)
                #expect(end.fault?.message.contains("instead of answering") == true)
                #expect(try await testbed.messages(of: conversation).count { $0.role == .tool } == 9)
            }
        }
    }

    @Test func `a tool that fails gives a result that the model reads`() async throws {
        try await withTemporaryDirectory { directory in
            try await TurnTestbed.with(directory) { testbed in
                let conversation = try await testbed.store.base.openConversation()
                testbed.tool.onCall(before: { throw Fault(.missing, "No such city.") })
                testbed.inference.play(each: [ScriptedInference.calling("a"), Self.answer])
                let run = try await testbed.start("How?", in: conversation, options: ScriptedInference.toolOptions)
                #expect(try await run.end().status == .completed)
                let asked = try #require(testbed.inference.requests.last?.messages.last)
                #expect(asked.role == .tool && asked.text == "The tool failed: No such city.")
            }
        }
    }

    @Test func `a run that is stopped during a tool stores a result for each call and asks no model again`()
        async throws
    {
        try await withTemporaryDirectory { directory in
            try await TurnTestbed.with(directory) { testbed in
                let conversation = try await testbed.store.base.openConversation()
                testbed.tool.onCall(after: { try await Task.sleep(for: .seconds(50)) })
                testbed.inference.play(each: [ScriptedInference.calling("a", "b"), Self.answer])
                let run = try await testbed.start("How?", in: conversation, options: ScriptedInference.toolOptions)
                try await eventually("The effect") { testbed.tool.effects.count == 1 }
                let cancel = Runs.Cancel(conversation: conversation.id, run: run.run.id)
                #expect(try await testbed.handlers.cancel(cancel, TurnTestbed.context).status == .stopped)
                #expect(testbed.tool.effects.map(\.id) == ["a"])
                #expect(testbed.inference.requests.count == 1)
                let messages = try await testbed.messages(of: conversation)
                #expect(messages.suffix(2).map(\.toolCallID) == ["a", "b"])
                #expect(messages.suffix(2).map(\.content.text) == [ToolResult.stopped.text, ToolResult.notRun.text])
                let lines = try await testbed.lines(of: run.run.id, in: conversation)
                #expect(try events(lines).map(\.number) == Array(1...lines.count))
                testbed.inference.play(Self.answer)
                _ = try await testbed.start("And now?", in: conversation).end()
                let next = try #require(testbed.inference.requests.last)
                #expect(next.messages.suffix(5).map(\.role) == [.user, .assistant, .tool, .tool, .user])
            }
        }
    }

    @Test func `a run that another process took over ends here, and nothing is stored`() async throws {
        try await withTemporaryDirectory { directory in
            try await TurnTestbed.with(directory) { testbed in
                let conversation = try await testbed.store.base.openConversation()
                testbed.inference.play(Self.answer)
                testbed.store.before(.finishRun) {
                    try await testbed.store.base.database.write { connection throws(StoreError) in
                        try connection.run("UPDATE runs SET owner = owner + 1")
                    }
                }
                let run = try await testbed.start("How?", in: conversation)
                let end = try await run.end()
                #expect(end.status == .interrupted && end.fault?.code == .unavailable)
                #expect(try await testbed.find(run.run.id, of: conversation).status == .running)
                #expect(try await testbed.messages(of: conversation).last?.role == .user)
            }
        }
    }
}
