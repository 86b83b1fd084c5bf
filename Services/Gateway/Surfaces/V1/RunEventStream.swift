import Bus
import Contracts
import HTTP
import HTTPTypes
import Logging
import NIOCore
import NIOHTTP1

/// A run's events as Server-Sent Events: each is forwarded as it arrives, one batch in one write.
enum RunEventStream {
    static func isWanted(by request: Request) -> Bool {
        request.headers[.accept]?.lowercased().contains("text/event-stream") == true
    }

    /// Answers with the events of a turn once the first is there, so that what goes wrong before has a status.
    static func response(
        toTurn stream: ElementStream<Run.Event>,
        since started: ContinuousClock.Instant
    ) async throws -> Response {
        do {
            guard let first = try await stream.nextEncodedBatch(), let element = first.first else {
                throw Fault(.cut, "The turn ended before it began. Look at the conversation's messages.")
            }
            let run = try BusCoding.decode(Run.Event.self, from: element).userMessage?.run
            return response(of: stream, first: first, since: started, run: run)
        } catch {
            stream.close()
            throw error
        }
    }

    /// Answers with the events of a run at once, since the next may be long in coming.
    static func response(
        following stream: ElementStream<Run.Event>,
        of run: Run.ID,
        since started: ContinuousClock.Instant
    ) -> Response {
        response(of: stream, first: [], since: started, run: run)
    }

    private static func response(
        of stream: ElementStream<Run.Event>,
        first: [ByteBuffer],
        since started: ContinuousClock.Instant,
        run: Run.ID?
    ) -> Response {
        var response = response(of: stream, first: first, frame: RunEventEncoder(run: run))
        response.headers[.xParleyRun] = run?.description
        response.headers[.serverTiming] = ServerTiming.entry("queue", .now - started)
        return response
    }

    private static func response(
        of stream: ElementStream<Run.Event>,
        first: [ByteBuffer],
        frame: RunEventEncoder
    ) -> Response {
        .eventStream { writer in
            defer { stream.close() }
            var frames = ByteBuffer()
            var hasEnd = false
            do {
                var batch: [ByteBuffer]? = first
                // A watcher who has all there is, and so gets nothing, is no watcher whose stream broke.
                var isWhole = true
                while let elements = batch {
                    let isLast = try frame.write(elements, to: &frames)
                    hasEnd = hasEnd || isLast
                    if frames.readableBytes > 0 {
                        isWhole = isLast
                        try await writer.write(frames)
                        frames = ByteBuffer()
                    }
                    batch = try await stream.nextEncodedBatch()
                }
                if !isWhole { throw Fault(.cut, "The run's events stopped without an end. Read on from the last.") }
            } catch let fault as Fault where !hasEnd {
                // The run goes on, or is found interrupted later; only this watch broke.
                frames.writeImmutableBuffer(frame.broken(fault))
                try await writer.write(frames)
            } catch is Fault {
                // The run's end has been told; how its stream ended is of no account.
            }
            try await writer.finish()
        }
    }
}
