import Contracts
import TestSupport
import Testing

@testable import ConversationService

@Suite(.timeLimit(.minutes(5)))
struct RunTasksTests {
    @Test func `shutdown also interrupts runs that are started by interrupted ones`() async throws {
        let tasks = RunTasks()
        let ends = Ends()
        tasks.start(Run.ID()) {
            await Self.untilCancelled()
            tasks.start(Run.ID()) {
                await Self.untilCancelled()
                await ends.add()
            }
            await ends.add()
        }
        let life = Task { try await tasks.run() }
        life.cancel()
        try await life.value
        #expect(tasks.count == 0)
        #expect(await ends.count == 2)
        #expect(throws: Fault.self) { try tasks.checkAccepting() }
    }

    private actor Ends {
        private(set) var count = 0

        func add() {
            count += 1
        }
    }

    private static func untilCancelled() async {
        do { try await Task.sleep(for: .seconds(3600)) } catch {}
    }
}
