import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// What all TLS connections of a client share.
///
/// Made once, when the first is opened, and on a thread that may wait: it reads the certificates that the system trusts.
final class TLSContext: Sendable {
    private let made = Mutex<NIOSSLContext?>(nil)

    func context(on eventLoop: any EventLoop) -> EventLoopFuture<NIOSSLContext> {
        // While another thread makes it, this one, an event loop's, does not wait for it.
        if let made = made.withLockIfAvailable(\.self) ?? nil { return eventLoop.makeSucceededFuture(made) }
        return NIOThreadPool.singleton.runIfActive(eventLoop: eventLoop) { try self.make() }
    }

    private func make() throws -> NIOSSLContext {
        try made.withLock { made in
            if let made { return made }
            let context = try NIOSSLContext(configuration: .makeClientConfiguration())
            made = context
            return context
        }
    }
}
