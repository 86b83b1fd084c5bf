import NIOCore
import Synchronization

/// The scripts and the recorded requests of a fake server.
final class FakeServerState: Sendable {
    /// Returns the response to a request.
    typealias Script = @Sendable (FakeRequest) -> FakeResponse
    /// Changes the response to a request.
    typealias Amendment = @Sendable (FakeRequest, FakeResponse) -> FakeResponse

    private struct State {
        var queued: [String: [FakeResponse]] = [:]
        var settled: [String: Script]
        var amendment: Amendment?
        var requests: [FakeRequest] = []
        var channels: [ObjectIdentifier: any Channel] = [:]
        var connections = 0
    }

    private let state: Mutex<State>

    init(_ scripts: [String: Script]) {
        state = Mutex(State(settled: scripts))
    }

    var requests: [FakeRequest] { state.withLock { $0.requests } }
    var openConnections: Int { state.withLock { $0.channels.count } }
    var connections: Int { state.withLock { $0.connections } }

    func enqueue(_ answers: [FakeResponse], path: String) {
        state.withLock { $0.queued[path, default: []] += answers }
    }

    func settle(path: String, _ script: @escaping Script) {
        state.withLock { $0.settled[path] = script }
    }

    func amend(_ amendment: @escaping Amendment) {
        state.withLock { $0.amendment = amendment }
    }

    /// Records a request; returns its index and its response.
    func take(_ request: FakeRequest) -> (number: Int, answer: FakeResponse) {
        state.withLock { state in
            state.requests.append(request)
            let number = state.requests.count - 1
            if let next = state.queued[request.path]?.first {
                state.queued[request.path]?.removeFirst()
                return (number, next)
            }
            let script = state.settled[request.path] ?? state.settled["*"]
            let answer = script?(request) ?? .error(404, "page not found")
            return (number, state.amendment?(request, answer) ?? answer)
        }
    }

    func change(_ number: Int, _ change: (inout FakeRequest) -> Void) {
        state.withLock { change(&$0.requests[number]) }
    }

    func opened(_ channel: any Channel) {
        state.withLock {
            $0.channels[ObjectIdentifier(channel)] = channel
            $0.connections += 1
        }
    }

    func closed(_ channel: any Channel) {
        state.withLock { $0.channels[ObjectIdentifier(channel)] = nil }
    }

    func closeAll() {
        for channel in state.withLock({ Array($0.channels.values) }) { channel.close(promise: nil) }
    }
}
