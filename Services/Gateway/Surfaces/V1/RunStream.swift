import Bus
import Contracts
import Hummingbird
import Logging
import NIOCore

/// A run's events as Server-Sent Events: each is forwarded as it arrives, one batch in one write.
enum RunStream {
    static func isWanted(by request: Request) -> Bool {
        request.headers[.accept]?.lowercased().contains("text/event-stream") == true
    }

    /// Answers with a stream once its first events are there, so that what goes wrong before has a status.
    static func response(
        of stream: ElementStream<Run.Event>,
        since started: ContinuousClock.Instant,
        run: Run.ID? = nil
    ) async throws -> Response {
        let first: [ByteBuffer]
        let name: Run.ID?
        do {
            first = try await stream.nextEncodedBatch() ?? []
            name = try run ?? first.first.flatMap { try BusCoding.decode(Run.Event.self, from: $0).userMessage?.run }
        } catch {
            stream.close()
            throw error
        }
        var headers: HTTPFields = [
            .contentType: "text/event-stream; charset=utf-8", .cacheControl: "no-cache", .xAccelBuffering: "no",
        ]
        headers[.xParleyRun] = name?.description
        ServerTiming.append("queue", .now - started, to: &headers)
        return Response(status: .ok, headers: headers, body: body(of: stream, first: first))
    }

    private static func body(of stream: ElementStream<Run.Event>, first: [ByteBuffer]) -> ResponseBody {
        ResponseBody { writer in
            defer { stream.close() }
            do {
                var batch: [ByteBuffer]? = first
                while let elements = batch {
                    let frames = try RunEventFrame.frames(of: elements)
                    if frames.readableBytes > 0 { try await writer.write(frames) }
                    batch = try await stream.nextEncodedBatch()
                }
            } catch let fault as Fault {
                // The run goes on, or is found interrupted later; only this watch broke.
                try await writer.write(RunEventFrame.broken(fault))
            }
            try await writer.finish(nil)
        }
    }
}
