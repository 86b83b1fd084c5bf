import Contracts
import HTTP
import NIOCore
import NIOPosix
import ServiceLifecycle
import Synchronization

/// The replicas of a peer, found by name and kept fresh.
final class Replicas: Sendable {
    /// How old an answer of the name service may grow.
    private static let refreshInterval = Duration.seconds(5)

    private let configured: [HTTPTarget]
    private let set: Mutex<ReplicaSet>

    init(urls: [String]) throws {
        guard !urls.isEmpty else { throw Fault(.invalid, "A peer needs at least one URL.") }
        configured = try urls.map { url throws(HTTPClientError) in try HTTPTarget.parse(url).target }
        set = Mutex(ReplicaSet(targets: configured))
    }

    /// The next in turn, or for what one replica alone knows always the same one.
    func choose(always isSame: Bool) -> HTTPTarget {
        set.withLock { isSame ? $0.first(at: .now) : $0.choose(at: .now) }
    }

    func eject(_ target: HTTPTarget) {
        set.withLock { $0.eject(target, at: .now) }
    }

    /// Resolves the names again and again; with addresses alone there is nothing to do but wait for the end.
    func run() async throws {
        let isByName = configured.contains { !AddressLookup.isAddress($0.host) }
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                if isByName { await self.refresh() }
                // A cancelled sleep is the end of the loop.
                do { try await Task.sleep(for: isByName ? Self.refreshInterval : .seconds(3600)) } catch { return }
            }
        }
    }

    private func refresh() async {
        var fresh: [HTTPTarget] = []
        for target in configured {
            fresh += target.isSecure || AddressLookup.isAddress(target.host) ? [target] : await resolve(target)
        }
        let unique = fresh.reduce(into: [HTTPTarget]()) { if !$0.contains($1) { $0.append($1) } }
        set.withLock { $0.replace(unique) }
    }

    /// The addresses behind a name, looked up on a thread that may block; none when the name service has no answer.
    private func resolve(_ target: HTTPTarget) async -> [HTTPTarget] {
        do {
            let addresses = try await NIOThreadPool.singleton.runIfActive {
                try AddressLookup.addresses(of: target.host, port: target.port)
            }
            return addresses.map { HTTPTarget(host: $0, port: target.port) }
        } catch {
            return []
        }
    }
}
