import Bus
import Contracts
import HTTP
import NIOCore
import NIOHTTP1

/// Answers as Server-Sent Events in the form of seed 004.
struct SessionEventStream: Sendable {
    /// Time between two comments that keep a stream alive.
    let pingInterval: TimeAmount

    private static let headers: HTTPHeaders = [
        "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache", "connection": "keep-alive",
        "x-accel-buffering": "no",
    ]

    /// Returns the response once the model has begun to answer, so that an earlier failure has a status of its own.
    ///
    /// A client that disconnects ends the stream, and the run continues.
    func response(to stream: ElementStream<Run.Event>) async throws -> Response {
        var (encoder, frames) = (SessionEventEncoder(), ByteBuffer())
        do {
            while !encoder.hasAnswer, !encoder.isFinished {
                guard let events = try await stream.nextBatch() else { throw Self.cut }
                encoder.write(events, to: &frames)
            }
        } catch {
            stream.close()
            throw error
        }
        if let failure = encoder.failure, frames.readableBytes == 0 {
            stream.close()
            return FastAPIResponse.failedRun(Run.End(status: .failed, assistantMessage: nil, fault: failure))
        }
        return response { [encoder, frames] writer in
            defer { stream.close() }
            try await Self.write(stream, encoder, frames, to: writer)
        }
    }

    /// Returns a response with these tokens.
    func response(tokens: [String]) -> Response {
        response { writer in
            for token in tokens {
                var frames = ByteBuffer()
                SessionEventEncoder.write(token: token, to: &frames)
                try await writer.write(frames)
            }
            try await writer.finish()
        }
    }

    private func response(_ write: @escaping @Sendable (ResponseWriter) async throws -> Void) -> Response {
        var response = Response(status: .ok, headers: Self.headers, body: .stream(write))
        response.heartbeat = StreamHeartbeat(interval: pingInterval) { SessionEventEncoder.ping(at: .now()) }
        return response
    }

    private static func write(
        _ stream: ElementStream<Run.Event>,
        _ encoder: SessionEventEncoder,
        _ frames: ByteBuffer,
        to writer: ResponseWriter
    ) async throws {
        var (encoder, frames) = (encoder, frames)
        do {
            while true {
                if frames.readableBytes > 0 { try await writer.write(frames) }
                frames = ByteBuffer()
                // Read to its end, so that the connection to the other service can be used again.
                guard let events = try await stream.nextBatch() else { break }
                encoder.write(events, to: &frames)
            }
            guard encoder.isFinished else { throw cut }
        } catch let fault as Fault where !encoder.isFinished {
            SessionEventEncoder.write(error: fault, to: &frames)
        } catch is Fault {
            // The run's last event arrived before the stream failed.
        }
        if let failure = encoder.failure { SessionEventEncoder.write(error: failure, to: &frames) }
        if frames.readableBytes > 0 { try await writer.write(frames) }
        try await writer.finish()
    }

    private static let cut = Fault(.cut, "The answer's events stopped before its end. Read the session's history.")
}
