import Foundation
import Glibc
import ServiceLifecycle

/// The pipe to the supervisor, which is standard input: it closes when the supervisor is gone, however it went.
///
/// Ends when the pipe does; the process then drains, so that nothing is left behind.
struct SupervisorPipe: Service {
    func run() async throws {
        let (ends, end) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        // The wait blocks, so it has a thread of its own, which ends with the pipe or with the process.
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
