import TestSupport
import Testing

@testable import ServiceKit

@Suite(.timeLimit(.minutes(1))) struct ListeningTests {
    @Test func `whoever waits, before or after, learns the port`() async throws {
        let listening = Listening()
        async let early = listening.port()
        listening.announce(4711)
        let ports = try await [early, listening.port()]
        #expect(ports == [4711, 4711])
    }

    @Test func `one who gives up takes nobody along`() async throws {
        let listening = Listening()
        try await withThrowingTaskGroup(of: Int.self) { patient in
            patient.addTask { try await listening.port() }
            await withThrowingTaskGroup(of: Int.self) { hasty in
                hasty.addTask { try await listening.port() }
                hasty.cancelAll()
                let outcome = await hasty.nextResult()
                #expect(throws: CancellationError.self) { try outcome?.get() }
            }
            listening.announce(4711)
            let port = try await patient.next()
            #expect(port == 4711)
        }
    }
}
