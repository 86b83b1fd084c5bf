import Bus
import Contracts
import HTTP
import Synchronization
import TestSupport
import Testing

/// Streams that are opened at once: the death of the peer is noticed soon, and before the response begins another
/// replica is asked.
@Suite(.timeLimit(.minutes(5)))
struct HeartbeatEndpointTests {
    /// An endpoint with quick heartbeats; its stream waits after the given words.
    struct Speak: HeartbeatEndpoint {
        static let path = "/samples/speak"
        static let isIdempotent = true
        static let heartbeatInterval = Duration.milliseconds(50)
        static let silenceLimit = Duration.milliseconds(1500)
        static let preliminaryPrefix = #""wait"#
        typealias Element = String
        var words: [String]
    }

    private static func table(_ count: @escaping @Sendable () -> Void = {}) -> EndpointTable {
        var table = EndpointTable(service: "sample-svc")
        table.serve(Speak.self) { request, _ in
            count()
            let words = Mutex(request.words[...])
            return ElementStream(
                next: {
                    if let word = words.withLock({ $0.popFirst() }) { return [word] }
                    try await Task.sleep(for: .seconds(3600))
                    return nil
                },
                close: {}
            )
        }
        return table
    }

    private static func bus(_ ports: Int...) throws -> HTTPBus {
        try HTTPBus(
            peer: "sample-svc",
            urls: ports.map { "http://127.0.0.1:\($0)" },
            token: Samples.token,
            client: HTTPClient()
        )
    }

    @Test func `heartbeats keep a silent stream open`() async throws {
        try await Samples.serving(Self.table()) { bus, _ in
            let stream = try await bus.stream(Speak(words: []), CallContext())
            let reading = Task { try await stream.nextBatch() }
            try await Task.sleep(for: Speak.silenceLimit * 2)
            stream.close()
            await #expect(throws: CancellationError.self) { try await reading.value }
        }
    }

    @Test func `a peer that hangs is noticed, before the stream and within it`() async throws {
        try await Samples.serving(Self.table()) { _, port in
            try await PausableProxy.with(port: port) { proxy, proxyPort in
                let bus = try Self.bus(proxyPort)
                let stream = try await bus.stream(Speak(words: ["wait", "begun"]), CallContext())
                #expect(try await stream.nextBatch()?.first == "wait")
                try await proxy.pause()
                await #expect { while try await stream.nextBatch() != nil {} } throws: { ($0 as? Fault)?.code == .cut }
                await #expect { _ = try await bus.stream(Speak(words: []), CallContext()) } throws: {
                    ($0 as? Fault)?.code == .timeout
                }
            }
        }
    }

    @Test func `before the response begins another replica is asked, and not afterwards`() async throws {
        let asked = Mutex(0)
        try await Samples.serving(Self.table { asked.withLock { $0 += 1 } }) { _, first in
            try await Samples.serving(Self.table { asked.withLock { $0 += 1 } }) { _, second in
                try await PausableProxy.with(port: first) { proxy, proxyPort in
                    let bus = try Self.bus(proxyPort, second)
                    // Calls take turns with the replicas, so that one of two streams is on the first.
                    for (words, isRepeated) in [(["wait"], true), (["begun"], false)] {
                        var streams: [ElementStream<String>] = []
                        for _ in 0..<2 { streams.append(try await bus.stream(Speak(words: words), CallContext())) }
                        for stream in streams { #expect(try await stream.nextBatch() == words) }
                        let before = asked.withLock { $0 }
                        try await proxy.pause()
                        let results = await Self.ends(of: streams)
                        #expect(asked.withLock { $0 } - before == (isRepeated ? 1 : 0))
                        #expect(results == (isRepeated ? [words] : [nil]))
                        for stream in streams { stream.close() }
                        try await proxy.resume()
                    }
                }
            }
        }
    }

    /// The next batch of the first stream that has one, `nil` for a cut stream.
    private static func ends(of streams: [ElementStream<String>]) async -> [[String]?] {
        await withTaskGroup(of: [String]?.self) { group in
            for stream in streams {
                group.addTask { do { return try await stream.nextBatch() } catch { return nil } }
            }
            var ends: [[String]?] = []
            if let first = await group.next() { ends.append(first) }
            for stream in streams { stream.close() }
            return ends
        }
    }
}
