import Contracts
import NIOHTTP1
import Testing

@testable import GatewayService

/// The advice in the faults of runs.
struct RunFaultTests {
    @Test(arguments: [
        ("X closed the connection. Try again.", "X closed the connection. Regenerate the answer with @."),
        ("It is loading: try again, or wait.", "It is loading: regenerate the answer with @, or wait."),
        ("X said: try again! Try again later.", "X said: try again! Regenerate the answer with @ later."),
        ("The service was stopped.", "The service was stopped. Regenerate the answer with @."),
    ])
    func `the fault of an interrupted run advises to regenerate`(_ message: String, _ expected: String) {
        for code in [Fault.Code.cut, .timeout, .unavailable, .provider, .full, .quotaExceeded] {
            let shown = RunFault(Fault(code, message, retryAfter: 2), .interrupted)
            #expect(!shown.isRetryable && shown.fault.retryAfter == nil && shown.fault.code == code)
            #expect(shown.fault.message == expected.replacing("@", with: RunFault.regenerate))
        }
    }

    @Test func `the fault of another run is shown as it is`() {
        for status in [Run.Status.failed, .queued] {
            let fault = Fault(.unavailable, "Down. Try again.", retryAfter: 2)
            #expect(RunFault(fault, status).fault == fault && RunFault(fault, status).isRetryable)
            #expect(!RunFault(Fault(.invalid, "No."), status).isRetryable)
        }
    }

    @Test func `the route that is advised exists`() async throws {
        let path = try #require(RunFault.regenerate.split(separator: " ").last).dropLast()
        try await DocumentedSurfaces.with { _, documented in
            let shapes = documented.paths.operations.filter { $0.method == .POST }.map { Self.shape($0.path) }
            #expect(shapes.contains(Self.shape(String(path))))
        }
    }

    /// A path without the names of its parameters.
    private static func shape(_ path: String) -> String {
        path.replacing(/\{[^}]*\}/, with: "{}")
    }
}
