import Foundation
import Glibc
import ServiceLifecycle

/// Waits for the end of standard input, the pipe to the supervisor, which closes when the supervisor exits or is killed.
///
/// The process then shuts down, so that no service outlives its supervisor.
struct SupervisorPipe: Service {
    func run() async throws {
        let (ends, end) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        // Reading blocks, so it has a thread of its own, which ends with the pipe or the process.
        let thread = Thread {
            Self.waitForEnd()
            end.finish()
        }
        thread.stackSize = 65_536
        thread.start()
        for await _ in ends.cancelOnGracefulShutdown() {}
    }

    private static func waitForEnd() {
        var byte: UInt8 = 0
        while true {
            let count = read(STDIN_FILENO, &byte, 1)
            guard count > 0 || (count < 0 && errno == EINTR) else { return }
        }
    }
}
