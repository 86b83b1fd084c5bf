import Contracts
import HTTP
import JSON
import NIOCore
import Synchronization

/// Reads the lines of a job until Ollama reports success.
struct JobReader: Sendable {
    /// Maximum length of a line, in bytes.
    private static let lineLimit = 1024 * 1024

    let publisher: JobPublisher
    let faults: ProviderFaults
    let limits: JobProgress.Limits

    /// An error that Ollama reported.
    struct ReportedError: Error, Equatable {
        let message: String
    }

    /// Reads the response to its end; `open` sends the request.
    ///
    /// Throws ``ReportedError`` for an error that Ollama reports, a ``ProviderError``, a `Fault` if there is no progress, or
    /// `CancellationError`. Always closes the connection.
    func read(_ open: @escaping @Sendable () async throws -> HTTPClient.Response) async throws {
        let progress = Progress()
        try await withThrowingTaskGroup { group in
            group.addTask { try await read(open, progress) }
            group.addTask { try await watch(progress) }
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
            for line in try whole(&lines, bytes) where try apply(line, progress) { return }
        }
        if lines.unfinished.readableBytes > 0 {
            do {
                if try apply(lines.unfinished, progress) { return }
            } catch is ProviderError {
                // An incomplete line.
            }
        }
        throw faults.incompleteStream
    }

    private func whole(_ lines: inout JSONLines, _ bytes: ByteBuffer) throws -> [ByteBuffer] {
        do {
            return try lines.append(bytes)
        } catch {
            throw faults.invalidResponse("a line of more than \(Self.lineLimit) bytes")
        }
    }

    /// Applies a line; returns whether it is the last one.
    private func apply(_ line: ByteBuffer, _ progress: Progress) throws -> Bool {
        var line = try parse(line)
        line.status = line.status.map(faults.publicStatus)
        if let error = line.error { throw ReportedError(message: error) }
        let now = progress.value.withLock { progress in
            progress.apply(line, at: .now)
            return progress
        }
        publisher.change { now.copy(to: &$0) }
        return now.isDone
    }

    private func parse(_ line: ByteBuffer) throws -> JobStep {
        do {
            return try JobStep(ollama: line)
        } catch {
            throw faults.invalidResponse("a line that is not JSON")
        }
    }

    /// Throws if there is no progress in time.
    private func watch(_ progress: Progress) async throws {
        while true {
            let deadline = progress.value.withLock { $0.deadline(limits) }
            guard deadline > .now else { break }
            try await Task.sleep(until: deadline, clock: .continuous)
        }
        throw Fault(
            .timeout,
            "\(faults.name) made no progress for a long time, so the job was ended. "
                + "Start the job again: downloaded data is kept."
        )
    }
}
