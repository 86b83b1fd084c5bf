import NIOCore
import NIOPosix
package import NIOSSL
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

extension TLSConfiguration {
    /// A client's configuration that accepts TLS 1.2 and later.
    package static var modernClient: TLSConfiguration { modernClient(trusting: nil) }

    /// A client's configuration that trusts the certificates of a PEM file; those of the system for `nil`.
    package static func modernClient(trusting file: String?) -> TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        if let file { configuration.trustRoots = .file(file) }
        return configuration
    }
}
