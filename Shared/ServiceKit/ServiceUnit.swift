package import Bus
package import HTTP
import Hummingbird
import HummingbirdCore
import Logging
import NIOPosix
package import ServiceLifecycle

/// A service ready to run: everything that lives in it, in order of dependency.
///
/// The end comes in the reverse order: first what is drained first, then the HTTP server, then what stands behind it.
package struct ServiceUnit: Sendable {
    /// How many connections may wait to be accepted; the system's own limit holds as well.
    ///
    /// Thousands may come at once, when a service behind the gateway has been away or a page is opened by many.
    private static let backlog = 8192

    /// The executable's name: `conversation-svc`.
    package let name: String
    /// The address that it binds to.
    package let host: String
    /// The port that was asked for; 0 for any free one.
    package let port: Int
    /// What lives in it, each after what it depends on.
    package let services: [any Service]
    /// Where it listens, once it does.
    package let listeningPort: ListeningPort
    /// What it answers on the bus; empty for the gateway.
    package let table: EndpointTable

    /// An internal service: its endpoints behind the bus secret, and the routes for its operators.
    ///
    /// Port 0 is any free one. What is in `background` lives behind the HTTP server and ends after it; what is in
    /// `drainedFirst` ends before the HTTP server does, such as long answers that it waits for.
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

    /// Any other application, which answers whatever it is asked.
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

    /// Hummingbird's own words at info are said better by ServiceKit.
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
