import TestSupport
import Testing

@testable import ServiceKit

@Suite(.timeLimit(.minutes(5))) struct ListeningPortTests {
    @Test func `tasks that wait before or after the port is known receive it`() async throws {
        let listeningPort = ListeningPort()
        async let early = listeningPort.value()
        listeningPort.resolve(4711)
        let ports = try await [early, listeningPort.value()]
        #expect(ports == [4711, 4711])
    }

    @Test func `cancelling one waiting task does not affect the others`() async throws {
        let listeningPort = ListeningPort()
        try await withThrowingTaskGroup(of: Int.self) { patient in
            patient.addTask { try await listeningPort.value() }
            await withThrowingTaskGroup(of: Int.self) { hasty in
                hasty.addTask { try await listeningPort.value() }
                hasty.cancelAll()
                let outcome = await hasty.nextResult()
                #expect(throws: CancellationError.self) { try outcome?.get() }
            }
            listeningPort.resolve(4711)
            let port = try await patient.next()
            #expect(port == 4711)
        }
    }
}
