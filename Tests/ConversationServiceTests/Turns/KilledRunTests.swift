import Bus
import Contracts
import NIOCore
import Synchronization
import TestSupport
import Testing

@testable import ConversationService

/// A process that is killed in any phase of a run with tools: no effect happens twice, and no result is lost.
@Suite(.timeLimit(.minutes(5)))
struct KilledRunTests {
    /// When the process is killed.
    enum Phase: CaseIterable {
        case beforeFirstText, firstText, callNotStored, callStored, duringTool, resultNotStored, secondText,
            endNotStored
    }

    /// What a killed process leaves.
    private struct Remains {
        var run: Run.ID
        /// The events that its readers may have received.
        var published: [ByteBuffer]
        var effects: Int
    }

    @Test(arguments: Phase.allCases) func `a killed run ends with all that was stored`(phase: Phase) async throws {
        try await withTemporaryDirectory { first in
            try await withTemporaryDirectory { second in
                let (conversation, remains) = try await kill(in: phase, first, leaving: second)
                try await TurnTestbed.with(second) { testbed in
                    try await check(conversation, remains, phase, testbed)
                }
            }
        }
    }

    private func check(
        _ conversation: Conversation,
        _ remains: Remains,
        _ phase: Phase,
        _ testbed: TurnTestbed
    ) async throws {
        let replayed = try await testbed.lines(of: remains.run, in: conversation)
        let events = try replayed.map { try BusCoding.decode(Run.Event.self, from: $0) }
        let end = try #require(events.last?.end)
        #expect(end.status == .interrupted)
        #expect(testbed.tool.effects.isEmpty && testbed.inference.requests.isEmpty)
        // All stored events are as they were; text that was not stored yet may be missing, a step never is.
        for (index, line) in remains.published.enumerated() {
            let event = try BusCoding.decode(Run.Event.self, from: line)
            if index < replayed.count - 1 || event.step != nil { #expect(replayed[index] == line, "\(phase) \(index)") }
        }
        #expect(events.dropLast().map(\.number) == Array(1..<events.count))
        #expect(try #require(events.last).number > InterruptedEnd.eventNumberGap)
        // Each stored call has a result.
        let messages = try await testbed.messages(of: conversation)
        for (index, message) in messages.enumerated() {
            guard let calls = message.toolCalls else { continue }
            let results = messages.dropFirst(index + 1).prefix(calls.count)
            #expect(results.map(\.toolCallID) == calls.map(\.id))
        }
        let results = messages.filter { $0.role == .tool }.map(\.content.text)
        switch phase {
        case .beforeFirstText, .firstText, .callNotStored: #expect(results.isEmpty)
        case .callStored, .duringTool, .resultNotStored: #expect(results == [ToolResult.unknown.text])
        case .secondText, .endNotStored: #expect(results == [#"18 degrees in {"city":"a"}"#])
        }
        if phase == .secondText { #expect(messages.last?.content.text == "It is ") }
        #expect(end.usage != nil || phase == .beforeFirstText || phase == .callNotStored)
        // The conversation goes on, with a prompt that providers accept.
        testbed.inference.play([.text("Yes."), .finish])
        #expect(try await testbed.start("Again", in: conversation).end().status == .completed)
        let asked = try #require(testbed.inference.requests.last).messages
        #expect(asked.count { $0.role == .tool } == results.count)
        #expect(asked.count { $0.toolCalls != nil } == (results.isEmpty ? 0 : 1))
        #expect(try await testbed.lines(of: remains.run, in: conversation) == replayed)
    }

    private func kill(
        in phase: Phase,
        _ directory: String,
        leaving other: String
    ) async throws -> (Conversation, Remains) {
        try await TurnTestbed.with(directory) { testbed in
            let conversation = try await testbed.store.base.openConversation()
            let killed = Mutex<Remains?>(nil)
            let live = Mutex<LiveRun?>(nil)
            // Called once, when the phase is reached.
            let kill: @Sendable () async throws -> Void = {
                try await eventually("The run") { live.withLock { $0 } != nil }
                guard let run = live.withLock({ $0 }), killed.withLock({ $0 }) == nil else { return }
                var published: [ByteBuffer] = []
                while published.count < run.nextNumber - 1,
                    case .events(let more) = try await run.events(after: published.count)
                { published += more }
                try testbed.copyAsKilled(to: other)
                let remains = Remains(run: run.run.id, published: published, effects: testbed.tool.effects.count)
                killed.withLock { $0 = remains }
            }
            script(phase, testbed, kill)
            let run = try await testbed.start("How is it?", in: conversation, options: ScriptedInference.toolOptions)
            live.withLock { $0 = run }
            switch phase {
            case .beforeFirstText:
                try await eventually("The question") { testbed.inference.requests.count == 1 }
                try await kill()
            case .firstText, .secondText:
                let text = phase == .firstText ? "Let me" : "It is "
                try await eventually("The stored text") {
                    guard case .inProgress(let lines) = try await testbed.store.readEvents(of: run.run.id, after: 1)
                    else { return false }
                    return lines.contains { String(buffer: $0).contains(text) }
                }
                try await kill()
            default: try await eventually("The phase") { killed.withLock { $0 } != nil }
            }
            let remains = try #require(killed.withLock { $0 })
            #expect(remains.effects <= 1)
            return (conversation, remains)
        }
    }

    /// Sets what the model, the tool and the store do until the phase is reached.
    private func script(_ phase: Phase, _ testbed: TurnTestbed, _ kill: @escaping @Sendable () async throws -> Void) {
        let calls = ScriptedInference.calling("a")
        let answer: [ScriptedInference.Step] = [.text("It is "), .text("warm."), .finish]
        testbed.inference.play(each: [calls, answer])
        switch phase {
        case .beforeFirstText: testbed.inference.play([.hang])
        case .firstText: testbed.inference.play([.text("Let me"), .hang])
        case .callNotStored: testbed.store.before(.appendStep, kill)
        case .callStored: testbed.tool.onCall(before: kill)
        case .duringTool: testbed.tool.onCall(after: kill)
        case .resultNotStored:
            testbed.store.before(.appendStep) { if testbed.store.count(.appendStep) == 2 { try await kill() } }
        case .secondText: testbed.inference.play(each: [calls, [.text("It is "), .hang]])
        case .endNotStored: testbed.store.before(.finishRun, kill)
        }
    }
}
