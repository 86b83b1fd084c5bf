import Dispatch
import Foundation
import GRDB
import Synchronization
import TestSupport
import Testing

@testable import ConversationService

/// The write-ahead log stays small, and no read or write waits for a slow read.
@Suite(.timeLimit(.minutes(5)))
struct CheckpointTests {
    private static let limit = 256 * 1024

    @Test func `no read and no write waits for a slow read while the log is over its limit`() async throws {
        try await Self.withDatabase(walLimit: Self.limit) { database, log in
            let slow = OpenRead()
            let reading = Task { try await slow.run(in: database) }
            defer { slow.end() }
            try await eventually("The slow read") { slow.isOpen }
            let calls = Mutex(0)
            let others = Task {
                for _ in 0..<100 {
                    try await Self.write(to: database)
                    _ = try await Self.count(in: database)
                    calls.withLock { $0 += 1 }
                }
            }
            try await eventually("The other reads and writes") { calls.withLock { $0 } == 100 }
            #expect(try log.size() > Self.limit, "The slow read keeps the log.")
            slow.end()
            #expect(try await reading.value == 1, "The slow read has its snapshot.")
            try await others.value
            try await eventually("The truncation of the log") {
                try await Self.write(to: database)
                return try log.size() <= Self.limit
            }
        }
    }

    @Test func `the log is truncated although a reader is open at every moment`() async throws {
        try await Self.withOverlappingReads(walLimit: Self.limit) { database, log in
            for _ in 0..<100 { try await Self.write(to: database) }
            try await eventually("The truncation of the log") {
                try await Self.write(to: database)
                return try log.size() <= Self.limit
            }
        }
        // Without the limit, these readers let the log grow.
        try await Self.withOverlappingReads(walLimit: .max) { database, log in
            for _ in 0..<100 { try await Self.write(to: database) }
            #expect(try log.size() > 100 * 20_000)
        }
    }
}

extension CheckpointTests {
    /// Gives `body` a database with one row, and its log.
    private static func withDatabase(
        walLimit: Int,
        _ body: (ServiceDatabase, LogFile) async throws -> Void
    ) async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/store.sqlite"
            let database = try ServiceDatabase.open(at: path, walLimit: walLimit)
            try await database.write { connection throws(StoreError) in
                _ = try connection.value("PRAGMA wal_autocheckpoint = 20", as: Int.self)
                try connection.run("CREATE TABLE texts (text TEXT)")
            }
            try await write(to: database)
            try await body(database, LogFile(path: path + "-wal"))
        }
    }

    /// Runs `body` while reads are open, each of which ends after the next one has begun.
    private static func withOverlappingReads(
        walLimit: Int,
        _ body: (ServiceDatabase, LogFile) async throws -> Void
    ) async throws {
        try await withDatabase(walLimit: walLimit) { database, log in
            let overlapping = OverlappingReads(database: database)
            async let reads: Void = overlapping.run()
            do {
                try await body(database, log)
            } catch {
                overlapping.end()
                throw error
            }
            overlapping.end()
            try await reads
        }
    }

    private static func write(to database: ServiceDatabase) async throws {
        try await database.write { connection throws(StoreError) in
            let text = String(repeating: "x", count: 20_000)
            try connection.run("INSERT INTO texts VALUES (?)", [text])
        }
    }

    private static func count(in database: ServiceDatabase) async throws -> Int {
        try await database.read { connection throws(StoreError) in
            try connection.value("SELECT COUNT(*) FROM texts") ?? 0
        }
    }
}

/// The write-ahead log of a database.
private struct LogFile: Sendable {
    let path: String

    /// Size in bytes.
    func size() throws -> Int {
        try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
    }
}

/// Reads, each of which ends after the next one has begun.
private final class OverlappingReads: Sendable {
    private let database: ServiceDatabase
    private let isOver = Mutex(false)

    init(database: ServiceDatabase) {
        self.database = database
    }

    func end() {
        isOver.withLock { $0 = true }
    }

    func run() async throws {
        var last: (read: OpenRead, task: Task<Int, any Error>)?
        while !isOver.withLock(\.self) {
            let next = OpenRead()
            let task = Task { try await next.run(in: database) }
            try await eventually("The next read") { next.isOpen }
            last?.read.end()
            _ = try await last?.task.value
            last = (next, task)
        }
        last?.read.end()
        _ = try await last?.task.value
    }
}

/// A read that stays open until it is ended; it counts the rows before and after.
private final class OpenRead: Sendable {
    private let began = Mutex(false)
    private let mayEnd = DispatchSemaphore(value: 0)

    var isOpen: Bool { began.withLock(\.self) }

    func end() {
        mayEnd.signal()
    }

    func run(in database: ServiceDatabase) async throws -> Int {
        try await database.read { connection throws(StoreError) in
            var count = 0
            try connection.each("SELECT text FROM texts") { _ in
                count += 1
                if count == 1 {
                    self.began.withLock { $0 = true }
                    self.mayEnd.wait()
                }
                return true
            }
            return count
        }
    }
}
