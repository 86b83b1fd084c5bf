import Bus
import Contracts
import HTTP
import HTTPTypes
import Logging
import NIOCore
import NIOHTTP1

/// A run's events as Server-Sent Events; each batch is forwarded in one write as it arrives.
enum RunEventStream {
    static func isWanted(by request: Request) -> Bool {
        request.headers[.accept]?.lowercased().contains("text/event-stream") == true
    }

    /// Returns the response after the first event has arrived, so that earlier errors have a status code.
    static func response(
        toTurn stream: ElementStream<Run.Event>,
        since started: ContinuousClock.Instant
    ) async throws -> Response {
        do {
            guard let first = try await stream.nextEncodedBatch(), let element = first.first else {
                throw Fault(.cut, "The turn ended before it started. Check the conversation's messages.")
            }
            let run = try BusCoding.decode(Run.Event.self, from: element).userMessage?.run
            return response(of: stream, first: first, since: started, run: run)
        } catch {
            stream.close()
            throw error
        }
    }

    /// Returns the response at once, because the next event may take long.
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
                // A client that has all events gets an empty stream, which is complete.
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
                if !isWhole {
                    throw Fault(.cut, "The run's events stopped before the run ended. Continue after the last one.")
                }
            } catch let fault as Fault where !hasEnd {
                // The run continues or is marked interrupted later; only this stream failed.
                frames.writeImmutableBuffer(frame.broken(fault))
                try await writer.write(frames)
            } catch is Fault {
                // The last event of the run was sent before the stream failed.
            }
            try await writer.finish()
        }
    }
}
