import Contracts
import HTTP
import JSON
import NIOCore
import Synchronization

/// Follows what Ollama says of a job until it says that it is done; nothing less is an end.
struct JobReader: Sendable {
    /// The longest line in bytes.
    private static let lineLimit = 1024 * 1024

    let publisher: JobPublisher
    let faults: ProviderFaults
    let limits: JobProgress.Limits

    /// Whose words failed the job.
    struct Said: Error, Equatable {
        let words: String
    }

    /// Reads on to the end; `open` sends the request.
    ///
    /// Throws ``Said`` for Ollama's own error, a ``ProviderError``, a `Fault` when nothing moves any more, or
    /// `CancellationError`; the connection is closed whatever happens.
    func read(_ open: @escaping @Sendable () async throws -> HTTPClient.Response) async throws {
        let progress = Progress()
        try await withThrowingTaskGroup { group in
            group.addTask { try await read(open, progress) }
            group.addTask { try await mind(progress) }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    private final class Progress: Sendable {
        let value = Mutex(JobProgress(begunAt: .now))
    }

    private func read(_ open: () async throws -> HTTPClient.Response, _ progress: Progress) async throws {
        let response = try await open()
        defer { response.body.close() }
        var lines = JSONLines(limit: Self.lineLimit)
        while true {
            let bytes: ByteBuffer?
            do {
                bytes = try await response.body.nextRead()
            } catch let error as HTTPClientError {
                throw faults.streamFailed(error)
            }
            guard let bytes else { break }
            for line in try whole(&lines, bytes) where try take(line, progress) { return }
        }
        if lines.unfinished.readableBytes > 0 {
            do {
                if try take(lines.unfinished, progress) { return }
            } catch is ProviderError {
                // A line that was cut.
            }
        }
        throw faults.unfinished
    }

    private func whole(_ lines: inout JSONLines, _ bytes: ByteBuffer) throws -> [ByteBuffer] {
        do {
            return try lines.append(bytes)
        } catch {
            throw faults.invalidResponse("a line of more than \(Self.lineLimit) bytes")
        }
    }

    /// Tells what a line says; answers whether it was the last.
    private func take(_ line: ByteBuffer, _ progress: Progress) throws -> Bool {
        let line = try parse(line)
        if let error = line.error { throw Said(words: error) }
        let now = progress.value.withLock { progress in
            progress.take(line, at: .now)
            return progress
        }
        publisher.change { now.tell(&$0) }
        return now.isDone
    }

    private func parse(_ line: ByteBuffer) throws -> OllamaJobLine {
        do {
            return try OllamaJobLine(line)
        } catch {
            throw faults.invalidResponse("a line that is not JSON")
        }
    }

    /// Throws once nothing has moved for too long.
    private func mind(_ progress: Progress) async throws {
        while true {
            let deadline = progress.value.withLock { $0.deadline(limits) }
            guard deadline > .now else { break }
            try await Task.sleep(until: deadline, clock: .continuous)
        }
        throw Fault(
            .timeout,
            "\(faults.name) at \(faults.address) has made no progress for a long time, so it was given up. "
                + "Begin again: what has come is kept."
        )
    }
}
