import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// The TLS context that all connections of a client share.
///
/// Created once, for the first connection, on a thread that may block: it reads the system's trusted certificates.
final class TLSContext: Sendable {
    private let configuration: TLSConfiguration
    private let shared = Mutex<NIOSSLContext?>(nil)

    init(configuration: TLSConfiguration) {
        self.configuration = configuration
    }

    func context(on eventLoop: any EventLoop) -> EventLoopFuture<NIOSSLContext> {
        // An event loop does not wait while another thread creates the context.
        if let context = shared.withLockIfAvailable(\.self) ?? nil { return eventLoop.makeSucceededFuture(context) }
        return NIOThreadPool.singleton.runIfActive(eventLoop: eventLoop) { try self.create() }
    }

    private func create() throws -> NIOSSLContext {
        try shared.withLock { shared in
            if let shared { return shared }
            let context = try NIOSSLContext(configuration: configuration)
            shared = context
            return context
        }
    }
}
