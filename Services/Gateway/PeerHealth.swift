import HTTP
import NIOCore
import Synchronization

/// The readiness of the services behind the gateway, cached for a second.
final class PeerHealth: Sendable {
    private static let lifetime = Duration.seconds(1)
    /// Failures are cached only briefly, because a service may be starting.
    private static let failureLifetime = Duration.milliseconds(20)
    /// Timeout of a check, including the connection.
    private static let timeout = Duration.seconds(1)

    struct Peer: Sendable {
        /// The name in responses.
        var name: StaticString
        /// The URLs of the replicas; one ready replica is enough.
        var urls: [String]
        /// Whether the gateway cannot serve without the service.
        var isRequired: Bool
    }

    /// The readiness of a service.
    struct State: Sendable {
        var name: StaticString
        var isRequired: Bool
        var milliseconds: Double
        /// Why the service is not ready; `nil` if it is.
        var fault: String?
    }

    private let peers: [Peer]
    private let client: HTTPClient
    private let cache = Mutex<(states: [State], until: ContinuousClock.Instant)>(([], .now))

    init(peers: [Peer], client: HTTPClient) {
        self.peers = peers
        self.client = client
    }

    func states() async -> [State] {
        if let states = cachedStates() { return states }
        let fresh = await withTaskGroup(of: (Int, State).self) { group in
            for (index, peer) in peers.enumerated() {
                group.addTask { (index, await self.check(peer)) }
            }
            var fresh: [(Int, State)] = []
            for await state in group { fresh.append(state) }
            return fresh.sorted { $0.0 < $1.0 }.map(\.1)
        }
        let isReady = fresh.allSatisfy { $0.fault == nil }
        // A cancelled check has no result.
        guard !Task.isCancelled else { return fresh }
        cache.withLock { $0 = (fresh, .now + (isReady ? Self.lifetime : Self.failureLifetime)) }
        return fresh
    }

    /// Returns the cached states, or `nil` to the one caller that must refresh them.
    private func cachedStates() -> [State]? {
        cache.withLock { cache in
            guard !cache.states.isEmpty else { return nil }
            if cache.until > .now { return cache.states }
            cache.until = .now + Self.timeout
            return nil
        }
    }

    private func check(_ peer: Peer) async -> State {
        let start = ContinuousClock.now
        let fault = await withTaskGroup(of: Probe.self) { group in
            for url in peer.urls { group.addTask { await self.check(url) } }
            group.addTask {
                do { try await Task.sleep(for: Self.timeout) } catch {}
                return .late
            }
            defer { group.cancelAll() }
            var fault = "It does not answer."
            for _ in peer.urls {
                switch await group.next() {
                case .ready: return String?.none
                case .fault(let message): fault = message
                case .late, nil: return fault
                }
            }
            return fault
        }
        let elapsed = (ContinuousClock.now - start).components
        let milliseconds = Double(elapsed.seconds) * 1000 + Double(elapsed.attoseconds / 10_000_000_000_000) / 100
        return State(name: peer.name, isRequired: peer.isRequired, milliseconds: milliseconds, fault: fault)
    }

    /// The response of a replica.
    private enum Probe {
        case ready
        case fault(String)
        case late
    }

    private func check(_ url: String) async -> Probe {
        do {
            let request = try HTTPClient.Request(
                url: url + "/readyz",
                headTimeout: Self.timeout,
                readTimeout: Self.timeout
            )
            let response = try await client.send(request)
            _ = try await response.body.collect(upTo: 65_536)
            return response.status == 200 ? .ready : .fault("It is not ready.")
        } catch {
            return .fault("It does not answer.")
        }
    }
}
