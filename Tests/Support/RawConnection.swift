import Foundation
import Glibc
import NIOCore
import NIOPosix
import Synchronization

/// A TCP connection that sends arbitrary bytes and stores the received ones.
package final class RawConnection: Sendable {
    private let channel: any Channel
    private let inbox: Inbox

    private init(channel: any Channel, inbox: Inbox) {
        self.channel = channel
        self.inbox = inbox
    }

    package static func open(port: Int) async throws -> RawConnection {
        let inbox = Inbox()
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.socketOption(.tcp_nodelay), value: 1)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Collector(inbox: inbox))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        return RawConnection(channel: channel, inbox: inbox)
    }

    package func send(_ bytes: [UInt8]) {
        channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil)
    }

    package func send(_ text: String) {
        send(Array(text.utf8))
    }

    /// Closes the sending side.
    package func endOutput() {
        channel.close(mode: .output, promise: nil)
    }

    /// Starts or stops reading.
    package func setReading(_ isReading: Bool) async throws {
        try await channel.setOption(.autoRead, value: isReading).get()
    }

    /// Closes with RST, as the system does for a process that dies.
    package func reset() async throws {
        if let socket = channel as? any SocketOptionProvider {
            try await socket.setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
        }
        try await channel.close().get()
    }

    package func close() {
        channel.close(promise: nil)
    }

    /// The received bytes as text.
    package var received: String { String(decoding: inbox.bytes, as: UTF8.self) }

    /// Number of received bytes.
    package var count: Int { inbox.bytes.count }

    /// Whether the connection was reset.
    package var isReset: Bool { inbox.isReset }

    /// Whether the connection is closed in both directions.
    package var isGone: Bool { !channel.isActive }

    /// Whether the peer has closed its sending side.
    package var isEnded: Bool { inbox.isEnded }

    /// Waits for the first complete response.
    package func answer() async throws -> RawResponse {
        try await eventually("A response") { RawResponse(self.received) != nil || self.isEnded }
        guard let answer = RawResponse(received) else {
            throw ConditionTimeout(description: "The connection ended without a response: “\(received.prefix(300))”")
        }
        return answer
    }

    /// The bytes and events that a connection has received.
    final class Inbox: Sendable {
        private let state = Mutex<(bytes: [UInt8], isEnded: Bool, isReset: Bool)>(([], false, false))

        var bytes: [UInt8] { state.withLock { $0.bytes } }
        var isEnded: Bool { state.withLock { $0.isEnded } }
        var isReset: Bool { state.withLock { $0.isReset } }

        func add(_ buffer: ByteBuffer) {
            state.withLock { $0.bytes += buffer.readableBytesView }
        }

        func end(isReset: Bool = false) {
            state.withLock { state in
                state.isEnded = true
                if isReset { state.isReset = true }
            }
        }
    }

    private final class Collector: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let inbox: Inbox

        init(inbox: Inbox) {
            self.inbox = inbox
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            inbox.add(unwrapInboundIn(data))
        }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if case ChannelEvent.inputClosed = event { inbox.end() }
        }

        func channelInactive(context: ChannelHandlerContext) {
            inbox.end()
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            inbox.end(isReset: true)
            context.close(promise: nil)
        }
    }
}

/// A response as it was received.
package struct RawResponse {
    package var status: Int
    package var head: String
    package var body: String
    /// The bytes after the response.
    package var rest: String

    /// Parses the first final response with a `Content-Length`; `nil` if it is incomplete.
    package init?(_ text: String) {
        guard let border = text.range(of: "\r\n\r\n") else { return nil }
        let head = String(text[..<border.lowerBound])
        let rest = String(text[border.upperBound...])
        let words = head.split(separator: " ", maxSplits: 2)
        guard words.count > 1, let status = Int(words[1]) else { return nil }
        if status < 200 {
            guard let next = RawResponse(rest) else { return nil }
            self = next
        } else {
            self.init(status: status, head: head, rest: rest)
        }
    }

    private init?(status: Int, head: String, rest: String) {
        let lengths = head.lowercased().split(separator: "\r\n").filter { $0.hasPrefix("content-length:") }
        guard let length = lengths.first.flatMap({ Int($0.dropFirst(15).filter { $0 != " " }) }),
            rest.utf8.count >= length
        else { return nil }
        self.status = status
        self.head = head
        body = String(decoding: rest.utf8.prefix(length), as: UTF8.self)
        self.rest = String(decoding: rest.utf8.dropFirst(length), as: UTF8.self)
    }

    package var closes: Bool { head.lowercased().contains("connection: close") }
}
