import HTTP
import NIOCore
import Synchronization

/// Whether the services behind the gateway can work; asked at most once a second.
final class PeerHealth: Sendable {
    private static let lifetime = Duration.seconds(1)
    /// Trouble may be over any moment, at the start above all.
    private static let lifetimeOfTrouble = Duration.milliseconds(20)
    /// How long one answer may take, connection and all.
    private static let limit = Duration.seconds(1)

    /// A service behind the gateway.
    struct Peer: Sendable {
        /// As it is called in answers.
        var name: StaticString
        /// Its replicas; one that can work is enough.
        var urls: [String]
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
        if let states = recall() { return states }
        let fresh = await withTaskGroup(of: (Int, State).self) { group in
            for (index, peer) in peers.enumerated() {
                group.addTask { (index, await self.ask(peer)) }
            }
            var fresh: [(Int, State)] = []
            for await state in group { fresh.append(state) }
            return fresh.sorted { $0.0 < $1.0 }.map(\.1)
        }
        let isWell = fresh.allSatisfy { $0.fault == nil }
        // Whoever left in the middle has found out nothing.
        guard !Task.isCancelled else { return fresh }
        known.withLock { $0 = (fresh, .now + (isWell ? Self.lifetime : Self.lifetimeOfTrouble)) }
        return fresh
    }

    /// What is known, while it is fresh; when it no longer is, one caller asks anew and the others make do with it.
    private func recall() -> [State]? {
        known.withLock { known in
            guard !known.states.isEmpty else { return nil }
            if known.until > .now { return known.states }
            known.until = .now + Self.limit
            return nil
        }
    }

    private func ask(_ peer: Peer) async -> State {
        let start = ContinuousClock.now
        let fault = await withTaskGroup(of: Finding.self) { group in
            for url in peer.urls { group.addTask { await self.ask(url) } }
            group.addTask {
                do { try await Task.sleep(for: Self.limit) } catch {}
                return .late
            }
            defer { group.cancelAll() }
            var fault = "It does not answer."
            for _ in peer.urls {
                switch await group.next() {
                case .ready: return String?.none
                case .fault(let found): fault = found
                case .late, nil: return fault
                }
            }
            return fault
        }
        let elapsed = (ContinuousClock.now - start).components
        let milliseconds = Double(elapsed.seconds) * 1000 + Double(elapsed.attoseconds / 10_000_000_000_000) / 100
        return State(name: peer.name, isNeeded: peer.isNeeded, milliseconds: milliseconds, fault: fault)
    }

    /// What a replica answers.
    private enum Finding {
        case ready
        case fault(String)
        case late
    }

    private func ask(_ url: String) async -> Finding {
        do {
            let request = try HTTPClient.Request(
                url: url + "/readyz",
                headTimeout: Self.limit,
                readTimeout: Self.limit
            )
            let response = try await client.send(request)
            _ = try await response.body.collect(upTo: 65_536)
            return response.status == 200 ? .ready : .fault("It is not ready.")
        } catch {
            return .fault("It does not answer.")
        }
    }
}
