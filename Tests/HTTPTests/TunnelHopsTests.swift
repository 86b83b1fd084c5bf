import HTTP
import NIOCore
import NIOHTTP1
import TestSupport
import Testing

/// Tunnels through a server that connects two of them.
@Suite(.timeLimit(.minutes(5)))
struct TunnelHopsTests {
    @Test func `bytes pass both ways, and each direction ends on its own`() async throws {
        let far: ServerChannel.Respond = { _ in
            .upgrade(to: "bytes") { tunnel in
                var received = ""
                while let bytes = try await tunnel.next() {
                    received += String(buffer: bytes)
                    try await tunnel.write(ByteBuffer(string: "[\(String(buffer: bytes))]"))
                }
                // The other side has finished; this one goes on.
                try await tunnel.write(ByteBuffer(string: "all: \(received)"))
            }
        }
        try await Self.withHops(far) { port in
            let tunnel = try await TunnelTests.open(port)
            for word in ["one", "two"] {
                try await tunnel.write(ByteBuffer(string: word))
                var echoed = ""
                while echoed != "[\(word)]" { echoed += String(buffer: try #require(try await tunnel.next())) }
            }
            try await tunnel.finish()
            #expect(try await TunnelTests.text(tunnel) == "all: onetwo")
        }
    }

    @Test func `the far side finishes first, and still receives`() async throws {
        let received = ByteCounter()
        let far: ServerChannel.Respond = { _ in
            .upgrade(to: "bytes") { tunnel in
                try await tunnel.write(ByteBuffer(string: "done"))
                try await tunnel.finish()
                while let bytes = try await tunnel.next() { received.add(bytes.readableBytes) }
            }
        }
        try await Self.withHops(far) { port in
            let tunnel = try await TunnelTests.open(port)
            #expect(try await TunnelTests.text(tunnel) == "done")
            let total = 10_000_000
            var sent = 0
            while sent < total {
                try await tunnel.write(CountedSource.chunk)
                sent += CountedSource.chunk.readableBytes
            }
            try await tunnel.finish()
            try await eventually("All bytes") { received.count == sent }
        }
    }

    @Test(arguments: ["near", "far", "task"])
    func `cancelling at either end, or the task, ends both hops`(end: String) async throws {
        let (entered, failed) = (ByteCounter(), ByteCounter())
        let far: ServerChannel.Respond = { _ in
            .upgrade(to: "bytes") { tunnel in
                entered.add(1)
                do {
                    if end == "far" {
                        _ = try await tunnel.next()
                        throw CancellationError()
                    }
                    while try await tunnel.next() != nil {}
                } catch {
                    failed.add(1)
                    throw error
                }
            }
        }
        try await Self.withHops(far) { port in
            let tunnel = try await TunnelTests.open(port)
            try await tunnel.write(ByteBuffer(string: "x"))
            try await eventually("The far side") { entered.count == 1 }
            let reading = Task { try await tunnel.next() }
            if end == "near" { tunnel.cancel() }
            if end == "task" { reading.cancel() }
            await #expect(throws: (any Error).self) { _ = try await reading.value }
            try await eventually("The far side fails") { failed.count == 1 }
        }
    }

    @Test func `a reader that pauses slows the writer two hops away`() async throws {
        let written = ByteCounter()
        let total = 120_000_000
        let far: ServerChannel.Respond = { _ in
            .upgrade(to: "bytes") { tunnel in
                while written.count < total {
                    try await tunnel.write(CountedSource.chunk)
                    written.add(CountedSource.chunk.readableBytes)
                }
            }
        }
        try await Self.withHops(far) { port in
            let tunnel = try await TunnelTests.open(port)
            let before = try await settled { written.count }
            #expect(before < total / 2)
            var received = 0
            while let bytes = try await tunnel.next() { received += bytes.readableBytes }
            #expect(received == written.count)
            try await tunnel.finish()
        }
    }

    @Test func `a graceful shutdown in the middle ends both hops`() async throws {
        let failed = ByteCounter()
        let far: ServerChannel.Respond = { _ in
            .upgrade(to: "bytes") { tunnel in
                do { while try await tunnel.next() != nil {} } catch { failed.add(1) }
            }
        }
        let configuration = ServerChannel.Configuration(tunnelShutdownTimeout: .milliseconds(300))
        try await withServer(respond: far) { farPort in
            let connection = try await withServer(configuration, respond: Self.relay(to: farPort)) { port in
                let connection = try await RawConnection.open(port: port)
                connection.send(TunnelTests.head)
                try await eventually("The upgrade") { connection.received.hasSuffix("\r\n\r\n") }
                return connection
            }
            try await eventually("The near side ends") { connection.isEnded }
            try await eventually("The far side ends") { failed.count == 1 }
        }
    }

    /// Runs a far server and one that relays to it, and gives the latter's port to `body`.
    private static func withHops<Value>(
        _ far: @escaping ServerChannel.Respond,
        _ body: (Int) async throws -> Value
    ) async throws -> Value {
        try await withServer(respond: far) { farPort in
            try await withServer(respond: relay(to: farPort), body)
        }
    }

    private static func relay(to port: Int) -> ServerChannel.Respond {
        let client = HTTPClient()
        return { _ in
            do {
                let upstream = try await TunnelTests.open(port, client: client)
                return .upgrade(to: "bytes") { try await ByteTunnel.splice($0, upstream) }
            } catch {
                return .text("\(error)", status: .badGateway)
            }
        }
    }
}
