import Foundation
import NIOCore
import NIOPosix
import Synchronization

/// Looks up the addresses of hosts, each host on a thread of its own.
///
/// A name server that does not answer for one host delays no other host: there is one look-up at a time for each host,
/// which all its connections share, and at most ``limit`` at once. Thread-safe.
package final class HostLookups: Sendable {
    /// Returns the addresses of a host as text; may block.
    package typealias Lookup = @Sendable (_ host: String, _ port: Int) throws -> [String]

    /// Maximum number of look-ups at once; a thread that has started one cannot be interrupted.
    static let limit = 64
    /// Maximum number of connections that wait for one look-up.
    static let waiterLimit = 4096

    private struct Key: Hashable {
        let host: String
        let port: Int
    }

    private typealias Waiter = EventLoopPromise<[SocketAddress]>

    private let lookup: Lookup
    private let waiters = Mutex<[Key: [Waiter]]>([:])

    init(lookup: @escaping Lookup) {
        self.lookup = lookup
    }

    /// The addresses of a host; fails like the look-up, or if too many are in progress.
    func addresses(of host: String, port: Int, on eventLoop: any EventLoop) -> EventLoopFuture<[SocketAddress]> {
        let key = Key(host: host, port: port)
        let waiter = eventLoop.makePromise(of: [SocketAddress].self)
        let (isFirst, isFull) = waiters.withLock { waiters in
            if let count = waiters[key]?.count {
                guard count < Self.waiterLimit else { return (false, true) }
                waiters[key]?.append(waiter)
                return (false, false)
            }
            guard waiters.count < Self.limit else { return (false, true) }
            waiters[key] = [waiter]
            return (true, false)
        }
        if isFull { waiter.fail(HTTPClientError(.connect, "Too many host names are being looked up; try again.")) }
        if isFirst { Thread.detachNewThread { self.perform(key) } }
        return waiter.futureResult
    }

    private func perform(_ key: Key) {
        let result = Result {
            try lookup(key.host, key.port).map { try SocketAddress(ipAddress: $0, port: key.port) }
        }
        let waiting = waiters.withLock { $0.removeValue(forKey: key) } ?? []
        for waiter in waiting { waiter.completeWith(result) }
    }
}

/// The resolver of one connection.
final class HostResolver: Resolver, Sendable {
    private let lookups: HostLookups
    private let eventLoop: any EventLoop
    private let shared = Mutex<EventLoopFuture<[SocketAddress]>?>(nil)

    init(lookups: HostLookups, eventLoop: any EventLoop) {
        self.lookups = lookups
        self.eventLoop = eventLoop
    }

    func initiateAQuery(host: String, port: Int) -> EventLoopFuture<[SocketAddress]> {
        addresses(host, port).map { $0.filter { $0.protocol == .inet } }
    }

    func initiateAAAAQuery(host: String, port: Int) -> EventLoopFuture<[SocketAddress]> {
        addresses(host, port).map { $0.filter { $0.protocol == .inet6 } }
    }

    func cancelQueries() {}

    /// Both kinds of addresses come from one look-up.
    private func addresses(_ host: String, _ port: Int) -> EventLoopFuture<[SocketAddress]> {
        shared.withLock { shared in
            if let shared { return shared }
            let future = lookups.addresses(of: host, port: port, on: eventLoop)
            shared = future
            return future
        }
    }
}
