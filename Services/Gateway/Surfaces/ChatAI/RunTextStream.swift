import Bus
import Contracts
import HTTP
import HTTPTypes
import NIOCore
import NIOHTTP1

/// The text of a run as plain text without framing, as it is generated.
///
/// An event has whole Unicode scalars, and each write has whole events.
enum RunTextStream {
    /// Returns the response after the first text has arrived, so that an earlier failure has a status; a later one cuts the
    /// connection.
    static func response(of events: ElementStream<Run.Event>) async throws -> Response {
        var reader = RunTextReader(events: events)
        do {
            let first = try await reader.next()
            return response(first, reader)
        } catch {
            events.close()
            throw error
        }
    }

    private static func response(_ first: String?, _ reader: RunTextReader) -> Response {
        var headers: HTTPHeaders = [
            "content-type": "text/plain; charset=utf-8", "cache-control": "no-cache", "x-accel-buffering": "no",
        ]
        headers[.xParleyRun] = reader.run?.description
        return Response(
            status: .ok,
            headers: headers,
            body: .stream { writer in
                var (reader, text) = (reader, first)
                // The client may leave: the run goes on without it.
                defer { reader.events.close() }
                while let piece = text {
                    try await writer.write(ByteBuffer(string: piece))
                    text = try await reader.next()
                }
                try await writer.finish()
            }
        )
    }
}

/// Reads the text of a run from its events.
struct RunTextReader: Sendable {
    /// A run that ended without a complete answer.
    struct FailedRun: RespondingError {
        let end: Run.End

        func response() -> Response { FastAPIResponse.failedRun(end) }
    }

    let events: ElementStream<Run.Event>
    private(set) var run: Run.ID?
    private var hasEnded = false
    /// The end of a run that failed.
    private var failure: Run.End?

    init(events: ElementStream<Run.Event>) {
        self.events = events
    }

    /// Returns more text, not empty; `nil` at the end of the run.
    ///
    /// Throws ``FailedRun``, and `cut` if the events stop before the end.
    mutating func next() async throws -> String? {
        while !hasEnded {
            guard let batch = try await events.nextBatch() else {
                throw Fault(.cut, "The run's events stopped before the run ended.")
            }
            var text = ""
            for event in batch {
                if let message = event.userMessage { run = message.run }
                text += event.text ?? ""
                guard let end = event.end else { continue }
                hasEnded = true
                // What came before it is written first.
                failure = end.status == .completed || end.status == .stopped ? nil : end
            }
            if !text.isEmpty { return text }
        }
        if let failure { throw FailedRun(end: failure) }
        return nil
    }
}
