import Bus
import Contracts
import HTTP
import TestSupport
import Testing

/// Two processes of inference-svc, one of which is paused with `SIGSTOP`: it accepts connections and never responds.
@Suite(.timeLimit(.minutes(5)))
struct ReplicaPauseTests {
    @Test func `a paused replica fails no idempotent call, and receives calls again after it continues`() async throws {
        let (first, second) = (try await replica(), try await replica())
        let bus = try HTTPBus(
            peer: "inference-svc",
            urls: [first.url, second.url],
            token: ServiceStack.token,
            client: HTTPClient()
        )
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await bus.run() }
            _ = try await callDurations(50, bus)
            first.process.pause()
            // These find the paused replica.
            _ = try await callDurations(50, bus)
            // These avoid it: otherwise, half of them would wait.
            let slow = try await callDurations(200, bus).count { $0 > .seconds(2) }
            #expect(slow < 60)
            first.process.resume()
            second.process.kill()
            // The killed replica refuses connections, so every call needs the other one.
            try await eventually("The return of the paused replica") {
                do {
                    _ = try await callDurations(20, bus)
                    return true
                } catch let fault as Fault where fault.code == .unreachable || fault.code == .cut {
                    return false
                }
            }
            group.cancelAll()
        }
    }

    /// Makes calls, eight at a time; returns their durations.
    private func callDurations(_ count: Int, _ bus: HTTPBus) async throws -> [Duration] {
        try await withThrowingTaskGroup(of: [Duration].self) { group in
            for _ in 0..<8 {
                group.addTask {
                    var durations: [Duration] = []
                    for _ in 0..<count / 8 {
                        let start = ContinuousClock.now
                        _ = try await bus.call(Models.Find(name: "demo/demo"), CallContext())
                        durations.append(ContinuousClock.now - start)
                    }
                    return durations
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
    }

    /// Starts a process of inference-svc; returns when it is ready.
    private func replica() async throws -> (process: ServiceProcess, url: String) {
        let url = try await unreachableURL()
        let port = try #require(url.split(separator: ":").last.map(String.init))
        let process = try ServiceProcess(
            "inference-svc",
            settings: ["INFERENCE_PORT": port, "BUS_TOKEN": ServiceStack.token, "DEFAULT_MODEL": "demo/demo"]
        )
        let client = HTTPClient()
        try await eventually("inference-svc is ready") {
            do {
                return try await client.send(HTTPClient.Request(url: url + "/readyz")).status == 200
            } catch is HTTPClientError {
                return false
            }
        }
        return (process, url)
    }
}
