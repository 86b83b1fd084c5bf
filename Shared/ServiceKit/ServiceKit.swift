import CoreMetrics
import Glibc
import Logging
import ServiceLifecycle
import UnixSignals

/// How a process of the house lives.
package enum ServiceKit {
    /// How long a shutdown may drain, and how long what is cancelled then may take.
    private static let drainLimit = Duration.seconds(20)
    private static let cancellationLimit = Duration.seconds(5)

    /// An executable's whole life, from its arguments to its exit code.
    ///
    /// `--help` tells the settings, `--health` asks the running service whether it can work. With
    /// `PARLEY_SUPERVISED=1` in the environment, the end of standard input is a request to stop. The port setting is the
    /// name of the setting that holds the service's port.
    package static func run(
        _ name: String,
        portSetting: String,
        build: @escaping @Sendable (Settings) async throws -> ServiceUnit
    ) async -> Never {
        var arguments = Array(CommandLine.arguments.dropFirst())
        if arguments.contains("--help") || arguments.contains("-h") {
            print(HelpText.text(for: name))
            exit(0)
        }
        let asksHealth = arguments.contains("--health")
        arguments.removeAll { $0 == "--health" }
        var failure = FailureMessage(name: name, portSetting: portSetting)
        do {
            let settings = try await Settings.load(arguments: arguments)
            if asksHealth { exit(try await HealthCheck.ask(settings, portSetting: portSetting) ? 0 : 1) }
            try prepare(settings)
            let unit = try await build(settings)
            failure.unit = unit
            try await serve(unit)
            exit(0)
        } catch {
            printError(failure.text(for: error))
            exit(1)
        }
    }

    /// Logging, metrics, and what the kernel must know.
    private static func prepare(_ settings: Settings) throws {
        let level = try settings.choice("LOG_LEVEL", default: Logger.Level.info)
        let format = try settings.choice("LOG_FORMAT", default: LineLogHandler.Format.text)
        LoggingSystem.bootstrap { LineLogHandler(label: $0, level: level, format: format) }
        MetricsSystem.bootstrap(PrometheusMetrics.shared)
        signal(SIGPIPE, SIG_IGN)
        var limit = rlimit()
        if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
            limit.rlim_cur = limit.rlim_max
            setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        }
    }

    private static func serve(_ unit: ServiceUnit) async throws {
        let logger = Logger(label: unit.name)
        do {
            try await withLogger(logger) { _ in try await group(of: unit, logger: logger).run() }
        } catch is CancellationError {
            logger.notice("Cancelled what had not ended by itself", metadata: ["limit": "\(drainLimit)"])
        }
        logger.info("Stopped")
    }

    private static func group(of unit: ServiceUnit, logger: Logger) -> ServiceGroup {
        var services = (unit.services + [LifecycleLogger(unit: unit, logger: logger)])
            .map { ServiceGroupConfiguration.ServiceConfiguration(service: $0) }
        if getenv("PARLEY_SUPERVISED").map({ String(cString: $0) }) == "1" {
            services.append(.init(service: SupervisorPipe(), successTerminationBehavior: .gracefullyShutdownGroup))
        }
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .notice)
        var configuration = ServiceGroupConfiguration(
            services: services,
            gracefulShutdownSignals: [.sigterm, .sigint],
            logger: quiet
        )
        configuration.maximumGracefulShutdownDuration = drainLimit
        configuration.maximumCancellationDuration = cancellationLimit
        return ServiceGroup(configuration: configuration)
    }

    private static func printError(_ message: String) {
        LineLogHandler.writeToStandardError(LogEscaping.escape(message, quotesToo: false) + "\n")
    }
}
