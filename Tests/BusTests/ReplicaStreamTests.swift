import Bus
import Contracts
import Testing

/// Open streams to replicas that hang or shut down.
@Suite(.timeLimit(.minutes(5)))
struct ReplicaStreamTests {
    @Test func `a stream on a hung replica ends with a fault soon`() async throws {
        try await ReplicaTests.withReplicas { bus, hung, _ in
            let streams = try await Self.openStreams(bus)
            try await hung.pause()
            let ended = await withTaskGroup(of: Fault.Code?.self) { group in
                for stream in streams {
                    group.addTask {
                        do {
                            _ = try await stream.nextBatch()
                            return nil
                        } catch {
                            return (error as? Fault)?.code
                        }
                    }
                }
                // The streams of the other replica go on until they are closed.
                var ended: [Fault.Code?] = []
                for _ in 0..<2 { if let code = await group.next() { ended.append(code) } }
                for stream in streams { stream.close() }
                return ended
            }
            #expect(ended == [.cut, .cut])
        }
    }

    @Test func `open streams of a replica that refuses connections continue`() async throws {
        try await ReplicaTests.withReplicas { bus, stopping, _ in
            let streams = try await Self.openStreams(bus)
            try await stopping.refuseConnections()
            let isEnded = try await withThrowingTaskGroup(of: Bool.self) { group in
                for stream in streams {
                    group.addTask {
                        do { _ = try await stream.nextBatch() } catch {}
                        return true
                    }
                }
                group.addTask {
                    try await Task.sleep(for: ReplicaLimits().checkInterval * 6)
                    return false
                }
                let first = try await group.next()
                for stream in streams { stream.close() }
                return first
            }
            #expect(isEnded == false, "A stream ended before several health checks were over.")
        }
    }

    /// Opens four streams, two on each of two replicas.
    private static func openStreams(_ bus: HTTPBus) async throws -> [ElementStream<Int>] {
        var streams: [ElementStream<Int>] = []
        for _ in 0..<4 {
            streams.append(try await bus.stream(Samples.CountUp(to: 1), CallContext()))
            #expect(try await streams.last?.nextBatch() == [1])
        }
        return streams
    }
}
