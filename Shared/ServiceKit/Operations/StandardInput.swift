import Foundation
import Glibc

/// The pipe to the supervisor: it closes when the supervisor is gone, however it went.
enum StandardInput {
    /// Calls once when standard input ends. Waits on a thread of its own, which blocks nothing else.
    static func onEnd(_ act: @escaping @Sendable () async -> Void) {
        let thread = Thread {
            var byte: UInt8 = 0
            while true {
                let count = read(STDIN_FILENO, &byte, 1)
                if count > 0 || (count < 0 && errno == EINTR) { continue }
                break
            }
            // The thread ends here; what follows is owned by the process, which is about to end.
            Task { await act() }
        }
        thread.stackSize = 65_536
        thread.start()
    }
}
