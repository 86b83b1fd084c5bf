import Bus
import Contracts
import NIOCore
import NIOPosix
import ServiceKit
import Synchronization
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5)))
struct StreamTests {
    @Test func `a stream returns all elements in order and then ends`() async throws {
        try await Samples.serving(counting()) { bus, _ in
            var seen: [Int] = []
            for try await element in try await bus.stream(Samples.CountUp(to: 10_000), CallContext()) {
                seen.append(element)
            }
            #expect(seen == Array(1...10_000))
        }
    }

    @Test func `consecutive streams reuse a connection`() async throws {
        try await Samples.serving(counting()) { bus, _ in
            for _ in 0..<50 {
                let stream = try await bus.stream(Samples.CountUp(to: 3), CallContext())
                while try await stream.nextBatch() != nil {}
            }
        }
    }

    @Test func `elements are relayed without decoding`() async throws {
        try await Samples.serving(counting()) { far, _ in
            var near = EndpointTable(service: "near-svc")
            near.serve(Samples.CountUp.self) { request, context in
                let stream = try await far.stream(request, context)
                return ElementStream(encoded: { try await stream.nextEncodedBatch() }, close: { stream.close() })
            }
            try await Samples.serving(near) { bus, _ in
                var sum = 0
                for try await element in try await bus.stream(Samples.CountUp(to: 500), CallContext()) {
                    sum += element
                }
                #expect(sum == 500 * 501 / 2)
            }
        }
    }

    @Test func `a fault is thrown before the stream or as its last line`() async throws {
        var table = EndpointTable(service: "sample-svc")
        table.serve(Samples.CountUp.self) { request, _ in
            guard request.to > 0 else { throw Fault(.missing, "There is nothing to count.") }
            let state = Mutex(0)
            return ElementStream(
                next: {
                    let number = state.withLock { number in
                        number += 1
                        return number
                    }
                    guard number <= 2 else { throw Fault(.provider, "It broke.") }
                    return [number]
                },
                close: {}
            )
        }
        try await Samples.serving(table) { bus, _ in
            await #expect(throws: Fault(.missing, "There is nothing to count.")) {
                _ = try await bus.stream(Samples.CountUp(to: 0), CallContext())
            }
            var seen: [Int] = []
            await #expect(throws: Fault(.provider, "It broke.")) {
                for try await element in try await bus.stream(Samples.CountUp(to: 9), CallContext()) {
                    seen.append(element)
                }
            }
            #expect(seen == [1, 2])
        }
    }

    @Test func `closing a stream, or cancelling its reader, cancels the work in the service`() async throws {
        let cancelled = Counted()
        var table = EndpointTable(service: "sample-svc")
        table.serve(Samples.CountUp.self) { _, _ in
            let first = Mutex(true)
            return ElementStream(
                next: {
                    if first.withLock({ isFirst in
                        defer { isFirst = false }; return isFirst
                    }) {
                        return [1]
                    }
                    cancelled.start()
                    do {
                        try await Task.sleep(for: .seconds(3600))
                    } catch {
                        cancelled.add()
                        throw error
                    }
                    return nil
                },
                close: {}
            )
        }
        try await Samples.serving(table) { bus, _ in
            let stream = try await bus.stream(Samples.CountUp(to: 1), CallContext())
            #expect(try await stream.nextBatch() == [1])
            stream.close()
            try await eventually("The cancellation at the stream's side") { cancelled.count == 1 }

            let reader = Task {
                let stream = try await bus.stream(Samples.CountUp(to: 1), CallContext())
                while try await stream.nextBatch() != nil {}
            }
            try await eventually("The second wait") { cancelled.started == 2 }
            reader.cancel()
            await #expect(throws: (any Error).self) { try await reader.value }
            try await eventually("The cancellation by a cancelled reader") { cancelled.count == 2 }
        }
    }

    @Test(arguments: [
        "",
        "{\"element\":1}\n",
        "{\"element\":1}\n{\"element\":",
        "{\"element\":1}\n{\"heartbeat\":{}}\n",
        "{\"element\":1}\n{\"surprise\":{}}\n{\"end\":{}}\n",
    ])
    func `a stream without an end line is a fault`(body: String) async throws {
        let answer = "HTTP/1.1 200 OK\r\ncontent-type: application/x-ndjson\r\nconnection: close\r\n\r\n" + body
        try await withPlainServer(answer) { port in
            let stream = try await Samples.bus(port: port).stream(Samples.CountUp(to: 1), CallContext())
            do {
                while try await stream.nextBatch() != nil {}
                Issue.record("The stream ended without a fault.")
            } catch let fault as Fault {
                #expect(fault.code == .cut)
            }
        }
    }

    @Test func `a slow reader slows the writer down, with bounded memory`() async throws {
        let written = Counted()
        var table = EndpointTable(service: "sample-svc")
        let element = ByteBuffer(string: String(repeating: "1", count: 18))
        table.serve(Samples.CountUp.self) { _, _ in
            ElementStream(
                encoded: {
                    written.add()
                    return Array(repeating: element, count: 1000)
                },
                close: {}
            )
        }
        try await Samples.serving(table) { bus, _ in
            let stream = try await bus.stream(Samples.CountUp(to: 0), CallContext())
            _ = try await stream.nextBatch()
            var last = -1
            // Nothing is read: back-pressure stops the writer.
            try await eventually("The pause of the writer") {
                defer { last = written.count }
                try await Task.sleep(for: .milliseconds(300))
                return written.count == last
            }
            // 30 KB each: the socket buffers of both sides, and no more.
            #expect(written.count < 1000)
            stream.close()
        }
    }

    private func counting() -> EndpointTable {
        var table = EndpointTable(service: "sample-svc")
        table.serve(Samples.CountUp.self) { request, _ in
            let next = Mutex(1)
            return ElementStream(
                next: {
                    next.withLock { next in
                        guard next <= request.to else { return nil }
                        defer { next += 7 }
                        return Array(next...min(next + 6, request.to))
                    }
                },
                close: {}
            )
        }
        return table
    }
}

private final class Answerer: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    let answer: String

    init(answer: String) {
        self.answer = answer
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: answer)), promise: nil)
        context.close(promise: nil)
    }
}

/// Runs a server that responds to any request with the given bytes and closes the connection.
func withPlainServer<Value>(_ answer: String, _ body: (Int) async throws -> Value) async throws -> Value {
    let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .childChannelInitializer { $0.pipeline.addHandler(Answerer(answer: answer)) }
        .bind(host: "127.0.0.1", port: 0).get()
    let port = try #require(server.localAddress?.port)
    do {
        let value = try await body(port)
        try await server.close()
        return value
    } catch {
        try await server.close()
        throw error
    }
}
