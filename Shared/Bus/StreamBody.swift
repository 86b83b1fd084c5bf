import Contracts
import HTTP
import Logging
import NIOCore

/// Writes a stream as newline-delimited JSON: one `element` per line, then `end` or `fault`.
enum StreamBody {
    /// Writes one batch at a time; requests the next one when the socket has accepted it.
    static func body<Element>(of stream: ElementStream<Element>, requestID: String) -> ServerResponse.Body {
        .stream { writer in
            defer { stream.close() }
            // A failed write means that the client has disconnected.
            var isOver = false
            while !isOver {
                let (lines, isLast) = try await next(of: stream, requestID: requestID)
                try await writer.write(lines)
                isOver = isLast
            }
            try await writer.finish()
        }
    }

    /// Returns the next lines, and whether they are the last ones.
    private static func next<Element>(
        of stream: ElementStream<Element>,
        requestID: String
    ) async throws -> (lines: ByteBuffer, isLast: Bool) {
        do {
            guard let batch = try await stream.nextEncodedBatch() else {
                return (ByteBuffer(string: "{\"end\":{}}\n"), true)
            }
            return (lines(of: batch), false)
        } catch let fault as Fault {
            return (try lastLine(fault), true)
        } catch let error where !(error is CancellationError) {
            Logger.current.error("Stream failed", metadata: ["request.id": "\(requestID)", "error": "\(error)"])
            return (try lastLine(.unexpected(requestID: requestID)), true)
        }
    }

    private static func lines(of batch: [ByteBuffer]) -> ByteBuffer {
        var lines = ByteBuffer()
        lines.reserveCapacity(batch.reduce(0) { $0 + $1.readableBytes + 16 })
        for element in batch {
            lines.writeStaticString("{\"element\":")
            lines.writeImmutableBuffer(element)
            lines.writeStaticString("}\n")
        }
        return lines
    }

    private static func lastLine(_ fault: Fault) throws -> ByteBuffer {
        var line = try BusCoding.encode(FaultEnvelope(fault: fault))
        line.writeStaticString("\n")
        return line
    }
}
