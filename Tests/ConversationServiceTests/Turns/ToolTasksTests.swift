import Contracts
import Synchronization
import TestSupport
import Testing

@testable import ConversationService

/// Tools that end, fail, hang and ignore their cancellation.
@Suite(.timeLimit(.minutes(2)))
struct ToolTasksTests {
    private let tasks = ToolTasks(grace: .milliseconds(20))

    @Test func `a result and an error are passed on`() async throws {
        #expect(try await tasks.run(until: .now + .seconds(60)) { ToolResult(text: "18") }.text == "18")
        await #expect(throws: Fault.self) {
            try await tasks.run(until: .now + .seconds(60)) { throw Fault(.missing, "No.") }
        }
        try await eventually("The end of the tasks") { tasks.count == 0 }
    }

    @Test func `a tool is cancelled at its deadline, and its result is used if it then ends`() async throws {
        let result = try await tasks.run(until: .now + .milliseconds(1)) {
            do { try await Task.sleep(for: .seconds(3600)) } catch { return ToolResult(text: "half") }
            return ToolResult(text: "whole")
        }
        #expect(result.text == "half")
    }

    @Test func `a tool that ignores its cancellation is abandoned, and its result is discarded`() async throws {
        let gate = Gate()
        await #expect(throws: ToolTasks.Abandoned.self) {
            try await tasks.run(until: .now + .milliseconds(1)) {
                await gate.wait()
                return ToolResult(text: "late")
            }
        }
        #expect(tasks.count == 1)
        gate.open()
        try await eventually("The end of the tool") { tasks.count == 0 }
    }

    @Test func `a cancelled caller cancels the tool and does not wait for it`() async throws {
        let gate = Gate()
        let tasks = tasks
        let caller = Task {
            try await tasks.run(until: .now + .seconds(3600)) {
                await gate.wait()
                return ToolResult(text: "late")
            }
        }
        try await eventually("The tool") { gate.count == 1 }
        caller.cancel()
        await #expect(throws: ToolTasks.Abandoned.self) { try await caller.value }
        gate.open()
        try await eventually("The end of the tool") { tasks.count == 0 }
    }

    @Test func `no tool is started while too many have not ended`() async throws {
        let gate = Gate()
        let tasks = tasks
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<ToolTasks.abandonedLimit {
                group.addTask {
                    do {
                        _ = try await tasks.run(until: .now) {
                            await gate.wait()
                            return ToolResult(text: "late")
                        }
                    } catch {}
                }
            }
        }
        let refused = try await tasks.run(until: .now + .seconds(60)) { ToolResult(text: "run") }
        #expect(refused.text.contains("too many tools"))
        gate.open()
        try await eventually("The end of the tools") { tasks.count == 0 }
        #expect(try await tasks.run(until: .now + .seconds(60)) { ToolResult(text: "run") }.text == "run")
    }
}

/// Holds tasks that ignore their cancellation until it is opened.
final class Gate: Sendable {
    private let state = Mutex<(isOpen: Bool, waiters: [CheckedContinuation<Void, Never>])>((false, []))

    /// Number of waiting tasks.
    var count: Int { state.withLock { $0.waiters.count } }

    func wait() async {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                if !state.isOpen { state.waiters.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }

    func open() {
        let waiters = state.withLock { state in
            state.isOpen = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }
}
