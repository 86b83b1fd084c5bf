import Bus
import NIOCore
import Synchronization

/// Whether the services behind the gateway can work; asked at most once a second.
final class PeerHealth: Sendable {
    private static let lifetime = Duration.seconds(1)

    /// A service behind the gateway.
    struct Peer: Sendable {
        /// As it is called in answers.
        var name: StaticString
        var url: String
        /// Whether the gateway cannot serve without it.
        var isNeeded: Bool
    }

    /// How a peer stands.
    struct State: Sendable {
        var name: StaticString
        var isNeeded: Bool
        var milliseconds: Double
        /// Why it cannot work; absent when it can.
        var fault: String?
    }

    private let peers: [Peer]
    private let client: HTTPClient
    private let known = Mutex<(states: [State], until: ContinuousClock.Instant)>(([], .now))

    init(peers: [Peer], client: HTTPClient) {
        self.peers = peers
        self.client = client
    }

    func states() async -> [State] {
        let (states, until) = known.withLock { $0 }
        guard until <= .now else { return states }
        let fresh = await withTaskGroup(of: (Int, State).self) { group in
            for (index, peer) in peers.enumerated() {
                group.addTask { (index, await self.ask(peer)) }
            }
            var fresh: [(Int, State)] = []
            for await state in group { fresh.append(state) }
            return fresh.sorted { $0.0 < $1.0 }.map(\.1)
        }
        known.withLock { $0 = (fresh, .now + Self.lifetime) }
        return fresh
    }

    private func ask(_ peer: Peer) async -> State {
        let start = ContinuousClock.now
        var state = State(name: peer.name, isNeeded: peer.isNeeded, milliseconds: 0)
        do {
            let request = try HTTPClient.Request(
                url: peer.url + "/readyz", headTimeout: .seconds(1), readTimeout: .seconds(1)
            )
            let response = try await client.send(request)
            _ = try await response.body.collect(upTo: 65_536)
            if response.status != 200 { state.fault = "It is not ready." }
        } catch {
            state.fault = "It does not answer."
        }
        let elapsed = ContinuousClock.now - start
        state.milliseconds = Double(elapsed.components.attoseconds / 10_000_000_000_000) / 100
        return state
    }
}
