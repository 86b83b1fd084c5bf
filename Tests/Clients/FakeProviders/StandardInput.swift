import Foundation

/// The lines of the standard input, read on a separate thread because reading blocks.
enum StandardInput {
    static var lines: AsyncStream<String> {
        AsyncStream { continuation in
            Thread {
                while let line = readLine() { continuation.yield(line) }
                continuation.finish()
            }.start()
        }
    }
}
