import Bus
import Contracts
import ContractsJSON
import NIOCore
import Synchronization
import Testing

/// The largest message that a run can store fits a line of a stream, whatever it contains.
@Suite(.timeLimit(.minutes(2)))
struct LongLineTests {
    private struct Watch: StreamingEndpoint {
        static let path = "/samples/watch"
        typealias Element = Run.Event
    }

    @Test func `a line with the largest answer passes through the bus`() async throws {
        // JSON needs six bytes for each byte of such a text.
        let event = try BusCoding.encode(Run.Event(number: 2, text: String(repeating: "\u{1}", count: 1000)))
        #expect(event.readableBytes < 6 * 1000 + 100)
        let line = ByteBuffer(repeating: UInt8(ascii: "1"), count: 6 * Run.maxAnswerBytes + 1_000_000)
        var table = EndpointTable(service: "sample-svc")
        table.serve(Watch.self) { _, _ in
            let rest = Mutex([line][...])
            return ElementStream(encoded: { rest.withLock { $0.popFirst() }.map { [$0] } }, close: {})
        }
        try await Samples.serving(table) { bus, _ in
            let stream = try await bus.stream(Watch(), CallContext())
            // A failed comparison must not print the line.
            let isWhole = try await stream.nextEncodedBatch() == [line]
            #expect(isWhole)
            #expect(try await stream.nextEncodedBatch() == nil)
        }
    }
}
