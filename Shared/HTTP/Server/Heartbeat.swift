import NIOCore
import NIOHTTP1

/// Writes a heartbeat line to a stream after an interval without a write.
///
/// `{"heartbeat":{}}` on `application/x-ndjson`, a comment on `text/event-stream`. Streams are written in whole lines, so
/// that a heartbeat never splits one. Used on one event loop.
final class Heartbeat {
    private let interval: TimeAmount
    private let line: ByteBuffer
    private let eventLoop: any EventLoop
    private let write: (ByteBuffer) -> Void
    private var lastWrite = NIODeadline.now()
    private var timer: Scheduled<Void>?

    /// Creates a heartbeat for a response; `nil` if its content type is not that of a stream.
    init?(
        _ headers: HTTPHeaders,
        interval: TimeAmount,
        on eventLoop: any EventLoop,
        write: @escaping (ByteBuffer) -> Void
    ) {
        guard let contentType = headers.first(name: "content-type") else { return nil }
        if contentType.hasPrefix("application/x-ndjson") {
            line = ByteBuffer(string: "{\"heartbeat\":{}}\n")
        } else if contentType.hasPrefix("text/event-stream") {
            line = ByteBuffer(string: ": ping\n\n")
        } else {
            return nil
        }
        self.interval = interval
        self.eventLoop = eventLoop
        self.write = write
        schedule(after: interval)
    }

    /// Called after a write: the interval starts anew.
    func didWrite() {
        lastWrite = .now()
    }

    func stop() {
        timer?.cancel()
        timer = nil
    }

    private func schedule(after delay: TimeAmount) {
        timer = eventLoop.scheduleTask(in: delay) { [bound = NIOLoopBound(self, eventLoop: eventLoop)] in
            bound.value.tick()
        }
    }

    private func tick() {
        guard timer != nil else { return }
        let left = lastWrite + interval - .now()
        if left > .zero { return schedule(after: left) }
        write(line)
        lastWrite = .now()
        schedule(after: interval)
    }
}
