import Bus
import Contracts
import NIOCore
import TestSupport
import Testing

@testable import ConversationService

/// Runs that an earlier process left are recovered in the background, and before they are used.
@Suite(.timeLimit(.minutes(5)))
struct RunRecoveryTests {
    /// Leaves conversations with a started run each; returns them with their runs.
    private func leaveStarted(_ count: Int, in directory: String) async throws -> [(Conversation, Run.ID)] {
        let store = try await SQLiteStore.sample(in: directory)
        var left: [(Conversation, Run.ID)] = []
        for _ in 0..<count {
            let conversation = try await store.openConversation()
            let run = try await store.startTurn(in: conversation).run.id
            try await store.appendTexts(["So ", "far"], to: run)
            left.append((conversation, run))
        }
        return left
    }

    /// Leaves a conversation with queued runs, behind a started one if there are several.
    private func leaveQueued(
        _ texts: String...,
        options: Run.Options? = nil,
        in directory: String
    ) async throws -> (conversation: Conversation, runs: [Run.ID]) {
        let store = try await SQLiteStore.sample(in: directory)
        let conversation = try await store.openConversation()
        var runs: [Run.ID] = []
        for (index, text) in texts.enumerated() {
            let status: Run.Status = texts.count > 1 && index == 0 ? .running : .queued
            runs.append(
                try await store.startTurn(text, in: conversation, status: status, options: options).run.id
            )
        }
        return (conversation, runs)
    }

    @Test func `reads are served while ends cannot be stored, and all runs are finished in few commits`() async throws {
        try await withTemporaryDirectory { directory in
            let left = try await leaveStarted(120, in: directory)
            try await waitForRelease(directory)
            let full = Fault(.full, "The disk is full.")
            try await TurnTestbed.with(directory, prepare: { $0.fail(.finishRuns, with: full, times: 2) }) { testbed in
                let (conversation, run) = left[119]
                try await eventually("A failed attempt") { testbed.store.count(.finishRuns) > 0 }
                #expect(try await testbed.messages(of: conversation).count == 2)
                #expect(try await testbed.find(run, of: conversation).status == .running)
                for (conversation, run) in left {
                    try await eventually("The end") {
                        try await testbed.find(run, of: conversation).status == .interrupted
                    }
                }
                #expect(testbed.store.count(.finishRuns) <= 2 + 4)
                #expect(try await testbed.messages(of: conversation).last?.content.text == "So far")
            }
        }
    }

    @Test func `ends that cannot be stored together are stored one by one`() async throws {
        try await withTemporaryDirectory { directory in
            let left = try await leaveStarted(3, in: directory)
            try await waitForRelease(directory)
            let fault = Fault(.internal, "No.")
            try await TurnTestbed.with(directory, prepare: { $0.fail(.finishRuns, with: fault) }) { testbed in
                for (conversation, run) in left {
                    try await eventually("The end") {
                        try await testbed.find(run, of: conversation).status == .interrupted
                    }
                }
            }
        }
    }

    @Test func `a conversation that is used before its recovery ends and starts its earlier runs first`() async throws {
        try await withTemporaryDirectory { directory in
            let (conversation, runs) = try await leaveQueued("First", "Second", in: directory)
            try await waitForRelease(directory)
            try await TurnTestbed.with(directory, isComplete: false) { testbed in
                let third = try await testbed.start("Third", in: conversation)
                #expect(try await third.end().status == .completed)
                #expect(testbed.inference.requests.map { $0.messages.last?.text } == ["Second", "Third"])
                var statuses: [Run.Status] = []
                for run in runs { statuses.append(try await testbed.find(run, of: conversation).status) }
                #expect(statuses == [.interrupted, .completed])
            }
        }
    }

    @Test func `a queued run keeps its options across a restart`() async throws {
        try await withTemporaryDirectory { directory in
            let options = Run.Options(model: "other/model", maxTokens: 77, temperature: 0.5, seed: 3)
            let (conversation, runs) = try await leaveQueued("Hello", options: options, in: directory)
            try await waitForRelease(directory)
            try await TurnTestbed.with(directory) { testbed in
                testbed.inference.addModel(Model(name: "other/model", window: 1000))
                try await eventually("The answer") {
                    try await testbed.find(runs[0], of: conversation).status.isFinal
                }
                let asked = try #require(testbed.inference.requests.first)
                #expect(asked.model == "other/model")
                #expect(asked.options == options.parameters)
            }
        }
    }

    @Test func `a follower of a run that waits for recovery gets all its events`() async throws {
        try await withTemporaryDirectory { directory in
            let (conversation, runs) = try await leaveQueued("First", "Second", in: directory)
            try await waitForRelease(directory)
            try await TurnTestbed.with(directory, isComplete: false) { testbed in
                let events = try await testbed.lines(of: runs[1], in: conversation)
                    .map { try BusCoding.decode(Run.Event.self, from: $0) }
                #expect(events.last?.end?.status == .completed)
                #expect(events.map(\.number) == Array(1...events.count))
            }
        }
    }

    @Test func `a run that waits for recovery can be stopped`() async throws {
        try await withTemporaryDirectory { directory in
            let (conversation, runs) = try await leaveQueued("First", "Second", "Third", in: directory)
            try await waitForRelease(directory)
            try await TurnTestbed.with(directory, isComplete: false) { testbed in
                testbed.inference.play([.hang])
                let cancel = Runs.Cancel(conversation: conversation.id, run: runs[2])
                let third = try await testbed.handlers.cancel(cancel, TurnTestbed.context)
                let other = Runs.Cancel(conversation: conversation.id, run: runs[1])
                let second = try await testbed.handlers.cancel(other, TurnTestbed.context)
                #expect([second.status, third.status] == [.stopped, .stopped])
                let asked = testbed.inference.requests.compactMap { $0.messages.last?.text }
                #expect(asked.filter { $0 != "Second" } == [])
            }
        }
    }

    @Test func `a queued turn whose conversation cannot be loaded is tried again`() async throws {
        try await withTemporaryDirectory { directory in
            let (conversation, runs) = try await leaveQueued("Hello", in: directory)
            try await waitForRelease(directory)
            let fault = Fault(.unavailable, "Not now.")
            try await TurnTestbed.with(directory, prepare: { $0.fail(.recallConversation, with: fault, times: 3) }) {
                testbed in
                try await eventually("The answer") {
                    try await testbed.find(runs[0], of: conversation).status == .completed
                }
                #expect(testbed.store.count(.recallConversation) == 4)
            }
        }
    }
}
