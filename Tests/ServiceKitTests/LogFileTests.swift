import Foundation
import Glibc
import Synchronization
import TestSupport
import Testing

@testable import ServiceKit

@Suite(.timeLimit(.minutes(5))) struct LogFileTests {
    /// A log file that several threads write.
    private final class SharedLog: Sendable {
        private let file: Mutex<LogFile>

        init(path: String, limit: Int) {
            let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
            file = Mutex(LogFile(path: path, descriptor: descriptor, limit: limit))
        }

        func write(_ line: String) {
            var line = line
            line.withUTF8 { bytes in file.withLock { $0.write(UnsafeRawBufferPointer(bytes)) } }
        }

        var descriptor: Int32 { file.withLock { $0.descriptor } }
    }

    private func lines(_ paths: [String]) -> [Substring] {
        paths.flatMap { path in
            String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self).split(separator: "\n")
        }
    }

    @Test func `a rotation loses no line of concurrent writers`() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/a.log"
            // 4 × 1000 lines of 12 bytes: one rotation.
            let log = SharedLog(path: path, limit: 30_000)
            await withTaskGroup { group in
                for writer in 0..<4 {
                    group.addTask { for number in 0..<1000 { log.write("line \(writer) \(1000 + number)\n") } }
                }
            }
            let written = lines([path + ".1", path])
            let expected = (0..<4).flatMap { writer in (0..<1000).map { "line \(writer) \(1000 + $0)" } }
            #expect(written.count == expected.count)
            #expect(Set(written.map(String.init)) == Set(expected))
            #expect(lines([path + ".1"]).count == 2500)
            close(log.descriptor)
        }
    }

    @Test func `lines that bypass the log during rotations are not lost`() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/a.log"
            let log = SharedLog(path: path, limit: 1000)
            let count = Mutex(0)
            let isDone = Mutex(false)
            // A crash report, for instance, is written to the descriptor directly.
            let writer = Thread {
                while !isDone.withLock({ $0 }) {
                    let line = Array("direct\n".utf8)
                    if write(log.descriptor, line, line.count) == line.count { count.withLock { $0 += 1 } }
                }
            }
            var found = 0
            writer.start()
            for number in 0..<200 {
                log.write("line \(number)\n")
                usleep(100)
            }
            isDone.withLock { $0 = true }
            try await eventually { writer.isFinished }
            found = lines([path + ".1", path]).filter { $0 == "direct" }.count
            // Older files are removed; the last two are complete.
            #expect(found > 0 && found <= count.withLock { $0 })
            #expect(lines([path + ".1", path]).allSatisfy { $0 == "direct" || $0.hasPrefix("line ") })
            close(log.descriptor)
        }
    }

    @Test func `a log file that cannot be renamed is written on`() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/a.log"
            let log = SharedLog(path: path, limit: 10)
            log.write("the first line\n")
            try FileManager.default.createDirectory(atPath: path + ".1/full", withIntermediateDirectories: true)
            log.write("the second line\n")
            log.write("the third line\n")
            #expect(lines([path]) == ["the first line", "the second line", "the third line"])
            close(log.descriptor)
        }
    }
}
