import Contracts
import HTTP
import Logging
import NIOCore

/// Writes a stream as newline-delimited JSON: an `element` a line, at last `end` or `fault`.
enum StreamBody {
    /// One batch is one write; the next is pulled when the socket has taken it.
    static func body<Element>(of stream: ElementStream<Element>, requestID: String) -> ServerResponse.Body {
        .stream { writer in
            defer { stream.close() }
            // What fails in writing is the reader's departure and concerns nobody else.
            var isOver = false
            while !isOver {
                let (lines, isLast) = try await next(of: stream, requestID: requestID)
                try await writer.write(lines)
                isOver = isLast
            }
            try await writer.finish()
        }
    }

    /// What comes next as lines, and whether anything comes after it.
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
