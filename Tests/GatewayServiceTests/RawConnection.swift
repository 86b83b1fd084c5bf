import Foundation
import NIOCore
import NIOPosix
import Synchronization
import TestSupport

/// A TCP connection without manners: sends what it is told, keeps what comes.
final class RawConnection: Sendable {
    private let channel: any Channel
    private let inbox: Inbox

    private init(channel: any Channel, inbox: Inbox) {
        self.channel = channel
        self.inbox = inbox
    }

    static func open(port: Int) async throws -> RawConnection {
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

    func send(_ bytes: [UInt8]) {
        channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil)
    }

    func send(_ text: String) {
        send(Array(text.utf8))
    }

    func close() {
        channel.close(promise: nil)
    }

    /// What has come so far.
    var received: String { String(decoding: inbox.bytes, as: UTF8.self) }

    /// Whether the other side has ended the connection.
    var isEnded: Bool { inbox.isEnded }

    /// The first answer, once it is whole.
    func answer() async throws -> RawAnswer {
        try await eventually("An answer") { RawAnswer(self.received) != nil || self.isEnded }
        guard let answer = RawAnswer(received) else {
            throw Unreadable(description: "The connection ended without an answer: “\(received.prefix(300))”")
        }
        return answer
    }

    /// What a connection has received.
    final class Inbox: Sendable {
        private let state = Mutex<(bytes: [UInt8], isEnded: Bool)>(([], false))

        var bytes: [UInt8] { state.withLock { $0.bytes } }
        var isEnded: Bool { state.withLock { $0.isEnded } }

        func add(_ buffer: ByteBuffer) {
            state.withLock { $0.bytes += buffer.readableBytesView }
        }

        func end() {
            state.withLock { $0.isEnded = true }
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
            inbox.end()
            context.close(promise: nil)
        }
    }
}

/// An answer as it stood on the wire.
struct RawAnswer {
    var status: Int
    var head: String
    var body: String
    /// What came after it on the same connection.
    var rest: String

    /// Reads the first final answer with a `Content-Length`; `nil` while it is not whole.
    init?(_ text: String) {
        guard let border = text.range(of: "\r\n\r\n") else { return nil }
        let head = String(text[..<border.lowerBound])
        let rest = String(text[border.upperBound...])
        let words = head.split(separator: " ", maxSplits: 2)
        guard words.count > 1, let status = Int(words[1]) else { return nil }
        if status < 200 {
            guard let next = RawAnswer(rest) else { return nil }
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

    var isEnvelope: Bool { WireJSON.isEnvelope(body) }
    var closes: Bool { head.lowercased().contains("connection: close") }
}
