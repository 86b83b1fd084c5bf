import NIOCore
import NIOHTTP1
import NIOPosix
import TestSupport
import Testing

@testable import HTTP

/// Clients that read their responses slowly, or not at all.
@Suite(.timeLimit(.minutes(5)))
struct StallTimeoutTests {
    private static let length = 16_000_000
    private static let request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"

    @Test func `a client that takes nothing is disconnected`() async throws {
        let configuration = ServerChannel.Configuration(stallTimeout: .milliseconds(500))
        try await withServer(configuration, respond: Self.respond(Self.length)) { port in
            let connection = try await RawConnection.open(port: port)
            try await connection.setReading(false)
            connection.send(Self.request)
            // Several timeouts long; the buffers of the sockets hold a part of the response at most.
            try await Task.sleep(for: .seconds(8))
            try await connection.setReading(true)
            try await eventually("The connection ends") { connection.isEnded }
            #expect(connection.count < Self.length)
        }
    }

    @Test func `a client that takes few bytes at a time receives the whole response`() async throws {
        let configuration = ServerChannel.Configuration(stallTimeout: .seconds(3))
        try await withServer(configuration, respond: Self.respond(Self.length)) { port in
            let connection = try await RawConnection.open(port: port)
            let pauses = Task {
                while !Task.isCancelled {
                    try await connection.setReading(false)
                    try await Task.sleep(for: .milliseconds(100))
                    try await connection.setReading(true)
                    try await Task.sleep(for: .milliseconds(1))
                }
            }
            defer { pauses.cancel() }
            connection.send(Self.request)
            try await eventually("The whole response") { connection.count > Self.length || connection.isEnded }
            #expect(connection.count > Self.length)
        }
    }

    @Test func `a client that is slower than the kernel's buffer drains is not disconnected`() async throws {
        let configuration = ServerChannel.Configuration(stallTimeout: .seconds(2))
        try await withServer(configuration, respond: Self.respond(Self.length)) { port in
            let received = ByteCounter()
            let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .channelOption(.autoRead, value: false)
                // A small window opens in small steps.
                .channelOption(.socketOption(.so_rcvbuf), value: 65_536)
                .channelOption(.maxMessagesPerRead, value: 1)
                .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 32_768))
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(Counter(received))
                    }
                }
                .connect(host: "127.0.0.1", port: port).get()
            try await channel.writeAndFlush(ByteBuffer(string: Self.request))
            // 32 KiB every 100 ms: the kernel asks for more after a third of its buffer is free, which takes seconds.
            // On the event loop, so that the other tests do not delay it.
            let reads = channel.eventLoop.scheduleRepeatedTask(initialDelay: .zero, delay: .milliseconds(100)) { _ in
                channel.read()
            }
            try await channel.eventLoop.scheduleTask(in: .seconds(7)) { reads.cancel() }.futureResult.get()
            #expect(received.count < Self.length / 2)
            try await channel.setOption(.autoRead, value: true).get()
            try await eventually("The whole response") { received.count > Self.length || !channel.isActive }
            #expect(received.count > Self.length)
            channel.close(promise: nil)
        }
    }

    @Test func `taken bytes are progress, newly written ones are not`() {
        let before = SendProgress(unsentBytes: 100, acknowledgedBytes: 10)
        #expect(SendProgress(unsentBytes: 99, acknowledgedBytes: 10).isProgress(since: before))
        #expect(SendProgress(unsentBytes: 200, acknowledgedBytes: 11).isProgress(since: before))
        #expect(!SendProgress(unsentBytes: 100, acknowledgedBytes: 10).isProgress(since: before))
        #expect(!SendProgress(unsentBytes: 200, acknowledgedBytes: 10).isProgress(since: before))
    }

    private static func respond(_ length: Int) -> ServerChannel.Respond {
        { _ in ServerResponse(status: .ok, body: .whole(ByteBuffer(repeating: 120, count: length))) }
    }

    private final class Counter: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let received: ByteCounter

        init(_ received: ByteCounter) {
            self.received = received
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            received.add(unwrapInboundIn(data).readableBytes)
        }
    }
}
