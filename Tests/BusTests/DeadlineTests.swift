import Bus
import Contracts
import NIOCore
import NIOPosix
import TestSupport
import Testing

/// A deadline ends a response that has started, too.
@Suite(.timeLimit(.minutes(5)))
struct DeadlineTests {
    private static let head = "HTTP/1.1 200 OK\r\ncontent-type: application/x-ndjson\r\nconnection: close\r\n\r\n"

    @Test func `a stream ends at its deadline although heartbeats keep coming`() async throws {
        try await withDrippingServer(Self.head + "{\"element\":1}\n", "{\"heartbeat\":{}}\n") { port in
            let start = ContinuousClock.now
            let context = CallContext(deadline: start + .milliseconds(300))
            let stream = try await Samples.bus(port: port).stream(Samples.CountUp(to: 2), context)
            #expect(try await stream.nextBatch() == [1])
            await #expect(throws: Fault(.timeout, "sample-svc did not finish its response in time. Try again.")) {
                _ = try await stream.nextBatch()
            }
            #expect(ContinuousClock.now - start >= .milliseconds(300))
        }
    }

    @Test func `a stream ends at its deadline although elements keep coming`() async throws {
        try await withDrippingServer(Self.head, "{\"element\":1}\n") { port in
            let context = CallContext(deadline: .now + .milliseconds(300))
            let stream = try await Samples.bus(port: port).stream(Samples.CountUp(to: 2), context)
            let fault = await #expect(throws: Fault.self) {
                while try await stream.nextBatch() != nil {}
            }
            #expect(fault?.code == .timeout)
        }
    }

    @Test func `a call ends at its deadline although its response keeps coming`() async throws {
        try await withDrippingServer(Self.head, " ") { port in
            let context = CallContext(deadline: .now + .milliseconds(300))
            let fault = await #expect(throws: Fault.self) {
                _ = try await Samples.bus(port: port).call(Samples.Echo(text: ""), context)
            }
            #expect(fault?.code == .timeout)
        }
    }

    @Test func `a stream without a deadline is kept open by heartbeats`() async throws {
        let lines = "{\"heartbeat\":{}}\n"
        try await withDrippingServer(Self.head, lines, count: 20, last: "{\"element\":1}\n{\"end\":{}}\n") { port in
            let stream = try await Samples.bus(port: port).stream(Samples.CountUp(to: 1), CallContext())
            #expect(try await stream.nextBatch() == [1])
            #expect(try await stream.nextBatch() == nil)
        }
    }
}

/// Runs a server that responds to any request with `first`, and then with `more` every 20 ms, `count` times; after that
/// it sends `last` and closes the connection.
private func withDrippingServer(
    _ first: String,
    _ more: String,
    count: Int = .max,
    last: String = "",
    _ body: (Int) async throws -> Void
) async throws {
    let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .childChannelInitializer {
            $0.pipeline.addHandler(Dripper(first: first, more: more, count: count, last: last))
        }
        .bind(host: "127.0.0.1", port: 0).get()
    let port = try #require(server.localAddress?.port)
    do {
        try await body(port)
        try await server.close()
    } catch {
        try await server.close()
        throw error
    }
}

private final class Dripper: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer
    let first: String
    let more: String
    let count: Int
    let last: String

    init(first: String, more: String, count: Int, last: String) {
        self.first = first
        self.more = more
        self.count = count
        self.last = last
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        context.channel.writeAndFlush(ByteBuffer(string: first), promise: nil)
        drip(0, into: context.channel)
    }

    private func drip(_ sent: Int, into channel: any Channel) {
        channel.eventLoop.scheduleTask(in: .milliseconds(20)) {
            guard channel.isActive else { return }
            guard sent < self.count else {
                channel.writeAndFlush(ByteBuffer(string: self.last), promise: nil)
                return channel.close(promise: nil)
            }
            channel.writeAndFlush(ByteBuffer(string: self.more), promise: nil)
            self.drip(sent + 1, into: channel)
        }
    }
}
