import Contracts
import Hummingbird
import Logging
import NIOCore

/// Writes a stream as newline-delimited JSON: an `element` a line, at last `end` or `fault`.
enum StreamBody {
    /// One batch is one write; the next is pulled when the socket has taken it.
    static func body<Element>(of stream: ElementStream<Element>, requestID: String) -> ResponseBody {
        let logger = Logger.current
        return ResponseBody { writer in
            defer { stream.close() }
            do {
                while let batch = try await stream.nextEncodedBatch() {
                    try await writer.write(lines(of: batch))
                }
                try await writer.write(ByteBuffer(string: "{\"end\":{}}\n"))
            } catch let fault as Fault {
                try await writer.write(lastLine(fault))
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                logger.error("Stream failed", metadata: ["request.id": "\(requestID)", "error": "\(error)"])
                try await writer.write(lastLine(.unexpected(requestID: requestID)))
            }
            try await writer.finish(nil)
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
