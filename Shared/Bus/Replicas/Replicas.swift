import Contracts
import HTTP
import Logging
import Metrics
import NIOCore
import NIOPosix
import ServiceLifecycle
import Synchronization

/// The replicas of a peer, kept up to date: resolves their names and checks their health.
///
/// Thread-safe. Without ``run()`` the URLs are used as they are, and a call decides whether an ejected replica is back.
final class Replicas: Sendable {
    /// Delay between two look-ups of a name.
    private static let refreshInterval = Duration.seconds(5)

    let limits: ReplicaLimits
    private let peer: String
    private let configured: [HTTPTarget]
    private let client: HTTPClient
    private let set: Mutex<ReplicaSet>
    private let unavailable: Gauge

    /// `client`: the client that the calls use; connections to replicas that are out are closed in it.
    init(peer: String, urls: [String], client: HTTPClient, limits: ReplicaLimits) throws {
        guard !urls.isEmpty else { throw Fault(.invalid, "\(peer) needs at least one URL.") }
        self.peer = peer
        self.client = client
        self.limits = limits
        configured = try urls.map { url throws(HTTPClientError) in try HTTPTarget.parse(url).target }
        set = Mutex(ReplicaSet(targets: configured, limits: limits))
        unavailable = Gauge(label: "bus.replicas.unavailable", dimensions: [("peer", peer)])
    }

    /// All replicas, whatever their state.
    var targets: [HTTPTarget] { self.set.withLock(\.targets) }

    /// See ``ReplicaSet/select(at:isFixed:excluding:)``.
    func select(isFixed: Bool, excluding tried: [HTTPTarget]) -> ReplicaSet.Selection? {
        set.withLock { $0.select(at: .now, isFixed: isFixed, excluding: tried) }
    }

    func hasOther(than tried: [HTTPTarget]) -> Bool {
        set.withLock { $0.hasOther(than: tried) }
    }

    /// Ejects a replica that could not be reached.
    func eject(_ target: HTTPTarget, after error: HTTPClientError) {
        guard let length = set.withLock({ $0.eject(target, at: .now) }) else { return }
        apply([.ejected(length)], to: target, reason: error.message)
    }

    /// Makes a replica ready that answered its trial.
    func admit(_ target: HTTPTarget) {
        guard set.withLock({ $0.admit(target, at: .now) }) else { return }
        apply([.becameReady], to: target)
    }

    /// Resolves the names and checks the replicas until the service stops.
    func run() async throws {
        set.withLock { $0.hasHealthChecks = true }
        defer { set.withLock { $0.hasHealthChecks = false } }
        await cancelWhenGracefulShutdown {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await self.keepResolving() }
                group.addTask { await self.keepChecking() }
            }
        }
    }

    private func keepResolving() async {
        guard configured.contains(where: { !AddressLookup.isAddress($0.host) }) else { return }
        while !Task.isCancelled {
            await resolve()
            // A cancelled sleep ends the loop.
            do { try await Task.sleep(for: Self.refreshInterval) } catch { return }
        }
    }

    private func resolve() async {
        var targets: [HTTPTarget] = []
        for target in configured {
            targets += target.isSecure || AddressLookup.isAddress(target.host) ? [target] : await addresses(of: target)
        }
        let unique = targets.reduce(into: [HTTPTarget]()) { if !$0.contains($1) { $0.append($1) } }
        let count = set.withLock { set in
            set.replace(with: unique, at: .now)
            return set.unavailable
        }
        unavailable.record(count)
    }

    /// The addresses of a name, looked up on a thread that may block; none when the look-up fails.
    private func addresses(of target: HTTPTarget) async -> [HTTPTarget] {
        do {
            let addresses = try await NIOThreadPool.singleton.runIfActive {
                try AddressLookup.addresses(of: target.host, port: target.port)
            }
            return addresses.map { HTTPTarget(host: $0, port: target.port) }
        } catch {
            Logger.current.debug(
                "Could not resolve the name of a peer",
                metadata: ["peer": "\(peer)", "host": "\(target.host)", "error": "\(error)"]
            )
            return []
        }
    }

    private func keepChecking() async {
        let check = ReplicaHealthCheck(limits: limits)
        // A single address leaves no choice.
        let isAlone = configured.count == 1 && configured.allSatisfy { AddressLookup.isAddress($0.host) }
        let interval = isAlone ? .seconds(3600) : limits.checkInterval
        while !Task.isCancelled {
            let hasNewSuspects = await checkAll(with: check)
            // A new suspect is checked again at once, since calls may be waiting for it.
            guard !hasNewSuspects else { continue }
            do { try await Task.sleep(for: interval) } catch { return }
        }
    }

    /// Checks all replicas at the same time; returns whether one has failed that had not failed before.
    private func checkAll(with check: ReplicaHealthCheck) async -> Bool {
        await withTaskGroup(of: Bool.self) { group in
            for (target, isSuspect) in set.withLock(\.checks) {
                group.addTask {
                    guard let result = await check.run(target, isSuspect: isSuspect) else { return false }
                    let changes = self.set.withLock { $0.record(result, of: target, at: .now) }
                    self.apply(changes, to: target, reason: "It did not respond to a health check.")
                    return result == .failed && !isSuspect
                }
            }
            return await group.reduce(false) { $0 || $1 }
        }
    }

    /// Logs the changes and closes the connections that they make useless.
    private func apply(_ changes: [ReplicaSet.Change], to target: HTTPTarget, reason: String = "") {
        guard !changes.isEmpty else { return }
        unavailable.record(set.withLock(\.unavailable))
        let metadata: Logger.Metadata = ["peer": "\(peer)", "address": "\(target.authority)"]
        for change in changes {
            switch change {
            case .ejected(let length):
                client.closeConnections(to: target)
                Logger.current.warning(
                    "Ejected a replica",
                    metadata: metadata.merging(["reason": "\(reason)", "duration": "\(length)"]) { $1 }
                )
            case .lost(let isNew):
                client.closeConnections(
                    to: target,
                    failing: HTTPClientError(.closed, "\(target.authority) does not respond to health checks.")
                )
                if isNew { Logger.current.warning("Failed the requests to a hung replica", metadata: metadata) }
            case .becameUnready: Logger.current.notice("A replica is not ready", metadata: metadata)
            case .becameReady: Logger.current.notice("A replica is ready again", metadata: metadata)
            }
        }
    }
}
