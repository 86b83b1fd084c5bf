import NIOCore
import NIOHTTP1

/// Writes heartbeats to a stream: those of the response, or else a line after an interval without a write.
///
/// The line is `{"heartbeat":{}}` on `application/x-ndjson`, and a comment on `text/event-stream`. Streams are written in
/// whole lines, so that a heartbeat never splits one. Used on one event loop.
final class Heartbeat {
    private let interval: TimeAmount
    private let line: @Sendable () -> ByteBuffer
    /// Whether a write restarts the interval.
    private let waitsForSilence: Bool
    private let eventLoop: any EventLoop
    private let write: (ByteBuffer) -> Void
    private var lastWrite = NIODeadline.now()
    private var timer: Scheduled<Void>?

    /// Creates the heartbeats of a response; `nil` if it has none of its own and its content type is not that of a stream.
    init?(
        _ response: ServerResponse,
        interval: TimeAmount,
        on eventLoop: any EventLoop,
        write: @escaping (ByteBuffer) -> Void
    ) {
        if let own = response.heartbeat {
            (self.interval, line, waitsForSilence) = (own.interval, own.bytes, false)
        } else {
            guard let line = Self.line(of: response.headers) else { return nil }
            self.line = { line }
            (self.interval, waitsForSilence) = (interval, true)
        }
        self.eventLoop = eventLoop
        self.write = write
        schedule(after: self.interval)
    }

    private static func line(of headers: HTTPHeaders) -> ByteBuffer? {
        guard let contentType = headers.first(name: "content-type") else { return nil }
        if contentType.hasPrefix("application/x-ndjson") { return ByteBuffer(string: "{\"heartbeat\":{}}\n") }
        return contentType.hasPrefix("text/event-stream") ? ByteBuffer(string: ": ping\n\n") : nil
    }

    /// Called after a write.
    func didWrite() {
        if waitsForSilence { lastWrite = .now() }
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
        write(line())
        lastWrite = .now()
        schedule(after: interval)
    }
}
