import Bus
import Contracts
import HTTP
import JSON
import NIOCore

/// The progress of a model job as Server-Sent Events: `progress`, repeatedly, then `done` or `error`.
enum ModelJobEventStream {
    static func response(of stream: ElementStream<ModelJob>) -> Response {
        .eventStream { writer in
            defer { stream.close() }
            var hasEnd = false
            do {
                while let jobs = try await stream.nextBatch() {
                    var frames = ByteBuffer()
                    for job in jobs { frames.writeImmutableBuffer(frame(of: job)) }
                    try await writer.write(frames)
                    hasEnd = jobs.last?.state.isFinal ?? hasEnd
                }
                if !hasEnd { throw Fault(.cut, "The job's events stopped before the job ended. Request them again.") }
            } catch let fault as Fault where !hasEnd {
                // The job continues; only this stream failed.
                try await writer.write(frame(of: fault, job: nil))
            } catch is Fault {
                // The last event of the job was sent before the stream failed.
            }
            try await writer.finish()
        }
    }

    static func frame(of job: ModelJob) -> ByteBuffer {
        switch job.state {
        case .running: frame("progress") { $0.job(job) }
        case .completed, .cancelled: frame("done") { $0.job(job) }
        case .failed, .interrupted:
            frame(of: job.fault ?? Fault(.internal, "The job failed."), job: job)
        }
    }

    private static func frame(of fault: Fault, job: ModelJob?) -> ByteBuffer {
        frame("error") { json in
            json.object { json in
                json.field("code", V1ErrorCode.name(fault.code))
                json.field("message", fault.message)
                json.field("retryable", fault.code.isRetryable)
                if let job { json.value("job") { $0.job(job) } } else { json.null("job") }
            }
        }
    }

    private static func frame(_ name: StaticString, _ data: (inout JSONWriter) -> Void) -> ByteBuffer {
        var json = JSONWriter()
        data(&json)
        var frame = ByteBuffer(staticString: "event: ")
        frame.writeStaticString(name)
        frame.writeStaticString("\ndata: ")
        frame.writeImmutableBuffer(json.buffer)
        frame.writeStaticString("\n\n")
        return frame
    }
}
