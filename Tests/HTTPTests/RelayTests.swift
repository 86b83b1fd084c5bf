import Foundation
import HTTP
import NIOCore
import NIOHTTP1
import TestSupport
import Testing

/// Bodies that a server passes on, as they arrive, to and from another server.
@Suite(.timeLimit(.minutes(5)))
struct RelayTests {
    @Test func `bodies of both directions pass whole`() async throws {
        try await Self.withRelay { port in
            let total = 20_000_000
            let up = try await HTTPClient().send(UploadTests.request(port, CountedSource().stream(of: total)))
            #expect(String(buffer: try await up.body.collect(upTo: 100)) == "\(total) length")

            var request = UploadTests.request(port, CountedSource().stream(of: 5))
            request.path = "/download/\(total)"
            let down = try await HTTPClient().send(request)
            #expect(down.headers.first(name: "content-length") == String(total))
            #expect(try await down.body.collect(upTo: total).readableBytes == total)
        }
    }

    @Test func `an incomplete upload is incomplete two hops away`() async throws {
        let (entered, broken) = (ByteCounter(), ByteCounter())
        let respond: ServerChannel.Respond = { request in
            entered.add(1)
            let response = await UploadTests.count(request)
            if response.status != .ok { broken.add(1) }
            return response
        }
        try await Self.withRelay(to: respond) { port in
            let connection = try await RawConnection.open(port: port)
            connection.send("POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nbeginning")
            try await eventually("The far handler") { entered.count == 1 }
            try await connection.reset()
            try await eventually("The body is incomplete") { broken.count == 1 }
        }
    }

    @Test func `an early response passes two hops and stops the upload`() async throws {
        try await Self.withRelay(to: { _ in .text("too large", status: .payloadTooLarge) }) { port in
            let (source, total) = (CountedSource(), 1_000_000_000)
            let response = try await HTTPClient().send(UploadTests.request(port, source.stream(of: total)))
            #expect(response.status == 413)
            #expect(String(buffer: try await response.body.collect(upTo: 100)) == "too large")
            #expect(source.taken.count < total / 2)
        }
    }

    @Test func `three hops hold less than 1 MiB each of a large upload to a slow reader`() async {
        await #expect(processExitsWith: .success) {
            try await RelayTests.measure { port, total in
                var request = UploadTests.request(port, CountedSource().stream(of: total))
                request.path = "/slow"
                let response = try await HTTPClient().send(request)
                return String(buffer: try await response.body.collect(upTo: 100)) == "\(total) length"
            }
        }
    }

    @Test func `three hops hold less than 1 MiB each of a large download by a slow reader`() async {
        await #expect(processExitsWith: .success) {
            try await RelayTests.measure { port, total in
                var request = UploadTests.request(port, CountedSource().stream(of: 5))
                request.path = "/download/\(total)"
                let response = try await HTTPClient().send(request)
                var received = 0
                while let bytes = try await response.body.nextRead() {
                    received += bytes.readableBytes
                    if received % 1_000_000 < bytes.readableBytes { try await Task.sleep(for: .milliseconds(2)) }
                }
                return received == total
            }
        }
    }

    /// Moves a small and a large body, and checks how much more memory the large one took.
    ///
    /// The kernel's buffers are not part of a process's memory: what grows is what the hops hold. `RELAY_MEGABYTES` sets
    /// the size of the large body.
    private static func measure(_ move: (_ port: Int, _ total: Int) async throws -> Bool) async throws {
        let megabytes = ProcessInfo.processInfo.environment["RELAY_MEGABYTES"].flatMap { Int($0) } ?? 200
        try await withRelay { port in
            var peaks: [Int] = []
            for size in [20, megabytes] {
                let isWhole = try await move(port, size * 1_000_000)
                precondition(isWhole, "The body did not arrive whole.")
                peaks.append(try peakKilobytes())
            }
            print("Peaks of resident memory after 20 MB and \(megabytes) MB, in KiB: \(peaks)")
            precondition(peaks[1] - peaks[0] < 3 * 1024, "The peaks are \(peaks) KiB.")
        }
    }

    /// The largest resident size of this process so far.
    private static func peakKilobytes() throws -> Int {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") })
        return try #require(Int(line.filter(\.isNumber)))
    }

    /// Runs a server and one that relays to it, and gives the latter's port to `body`.
    private static func withRelay(
        to respond: @escaping ServerChannel.Respond = RelayTests.respond,
        _ body: (Int) async throws -> Void
    ) async throws {
        try await withServer(respond: respond) { farPort in
            let client = HTTPClient()
            let relay: ServerChannel.Respond = { request in
                var upstream = UploadTests.request(farPort, request.body.bytes)
                upstream.path = request.head.uri
                do {
                    let response = try await client.send(upstream)
                    return ServerResponse(status: .init(statusCode: response.status), stream: response.bytes)
                } catch {
                    return .text("\(error)", status: .badGateway)
                }
            }
            try await withServer(respond: relay, body)
        }
    }

    private static let respond: ServerChannel.Respond = { request in
        let uri = request.head.uri
        if uri.hasPrefix("/download/"), let total = Int(uri.dropFirst("/download/".count)) {
            return ServerResponse(status: .ok, stream: CountedSource().stream(of: total))
        }
        guard uri == "/slow" else { return await UploadTests.count(request) }
        do {
            var count = 0
            for try await bytes in request.body.bytes {
                count += bytes.readableBytes
                if count % 1_000_000 < bytes.readableBytes { try await Task.sleep(for: .milliseconds(2)) }
            }
            return .text("\(count) length")
        } catch {
            return .text("\(error)", status: .badRequest)
        }
    }
}
