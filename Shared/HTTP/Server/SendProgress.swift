import NIOCore

/// How much of what was written to a connection its peer has taken.
struct SendProgress: Sendable {
    /// Bytes that the kernel has not accepted.
    var unsentBytes: Int
    /// Bytes that the peer has acknowledged; 0 if the system does not tell.
    ///
    /// The kernel accepts more only after a large part of its buffer is free, which takes a slow peer minutes.
    var acknowledgedBytes: UInt64

    /// Whether the peer has taken bytes since an earlier measurement.
    func isProgress(since before: SendProgress) -> Bool {
        unsentBytes < before.unsentBytes || acknowledgedBytes > before.acknowledgedBytes
    }

    /// Measures a connection on its event loop.
    static func measure(_ channel: any Channel) -> EventLoopFuture<SendProgress> {
        let unsent = channel.getOption(.bufferedWritableBytes)
        guard let socket = channel as? any SocketOptionProvider else {
            return unsent.map { SendProgress(unsentBytes: $0, acknowledgedBytes: 0) }
        }
        let information: EventLoopFuture<TCPInformation> = socket.unsafeGetSocketOption(level: .tcp, name: .tcp_info)
        return information.map(\.acknowledgedBytes).flatMapError { _ in channel.eventLoop.makeSucceededFuture(0) }
            .and(unsent)
            .map { SendProgress(unsentBytes: $1, acknowledgedBytes: $0) }
    }

    /// The beginning of the kernel's `struct tcp_info`, which is longer than the C library's.
    private struct TCPInformation {
        /// States, timers and counters: 120 bytes.
        var states: (Fields, Fields, Fields) = (Fields(), Fields(), Fields())
        /// `tcpi_bytes_acked`.
        var acknowledgedBytes: UInt64 = 0

        struct Fields {
            var words: (UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0)
        }
    }
}
