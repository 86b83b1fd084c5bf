package import Bus
package import HTTP
import Hummingbird
import HummingbirdCore
import Logging
import NIOPosix
package import ServiceLifecycle

/// A service that is ready to run: its background tasks and its HTTP server, in the order of their dependencies.
///
/// They are shut down in the reverse order.
package struct ServiceUnit: Sendable {
    /// Length of the accept queue; the system's limit applies as well.
    ///
    /// Thousands of connections may be opened at once, for instance after a service was unavailable.
    private static let backlog = 8192

    /// The name of the executable: `conversation-svc`.
    package let name: String
    /// The address that it binds to.
    package let host: String
    /// The requested port; 0 for any free port.
    package let port: Int
    /// Its services, each after those that it depends on.
    package let services: [any Service]
    /// The port at which it listens, once it does.
    package let listeningPort: ListeningPort
    /// Its endpoints; empty for the gateway.
    package let table: EndpointTable

    /// Creates an internal service: endpoints that require the bus secret, and the routes for operators.
    ///
    /// Port 0 is any free port. Services in `background` are shut down after the HTTP server; those in `drainedFirst` are
    /// shut down before it, such as long generations.
    package static func bus(
        table: EndpointTable,
        host: String,
        port: Int,
        token: String,
        background: [any Service] = [],
        drainedFirst: [any Service] = [],
        readiness: [ReadinessCheck] = []
    ) -> ServiceUnit {
        let draining = DrainState()
        let router = Router(context: OperationsContext.self)
        router.add(middleware: NotFoundMiddleware())
        OperationsRoutes.add(to: router, service: table.service, readiness: readiness, draining: draining)
        let logger = serverLogger(table.service)
        let operations = RouterResponder(router.buildResponder(), logger: logger)
        return unit(
            table: table,
            channel: ServerChannel(respond: table.responder(token: token) { await operations.answer($0) }),
            logger: logger,
            host: host,
            port: port,
            background: background,
            drainedFirst: drainedFirst,
            draining: draining
        )
    }

    /// Creates a service with its own request handler.
    package static func application(
        table: EndpointTable,
        configuration: ServerChannel.Configuration,
        host: String,
        port: Int,
        background: [any Service] = [],
        draining: DrainState,
        respond: @escaping ServerChannel.Respond
    ) -> ServiceUnit {
        unit(
            table: table,
            channel: ServerChannel(configuration, respond: respond),
            logger: serverLogger(table.service),
            host: host,
            port: port,
            background: background,
            drainedFirst: [],
            draining: draining
        )
    }

    /// ServiceKit logs what Hummingbird would log at `info`.
    private static func serverLogger(_ service: String) -> Logger {
        var logger = Logger(label: service)
        logger.logLevel = max(logger.logLevel, .notice)
        return logger
    }

    private static func unit(
        table: EndpointTable,
        channel: ServerChannel,
        logger: Logger,
        host: String,
        port: Int,
        background: [any Service],
        drainedFirst: [any Service],
        draining: DrainState
    ) -> ServiceUnit {
        let listeningPort = ListeningPort()
        let server = channel.server(
            configuration: ServerConfiguration(address: .hostname(host, port: port), backlog: Self.backlog),
            onServerRunning: { listeningPort.resolve($0.localAddress?.port ?? port) },
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
            logger: logger
        )
        return ServiceUnit(
            name: table.service,
            host: host,
            port: port,
            services: background + [server] + drainedFirst + [draining],
            listeningPort: listeningPort,
            table: table
        )
    }
}
