import CoreMetrics
import Foundation
import Glibc
import Logging
import ServiceLifecycle
import UnixSignals

/// Runs a service as a process: settings, logs, metrics, signals and shutdown.
package enum ServiceKit {
    /// Maximum duration of a graceful shutdown.
    private static let drainLimit = Duration.seconds(20)
    /// Maximum duration of the cancellation that follows.
    private static let cancellationLimit = Duration.seconds(5)

    /// Runs a service until it stops, and exits the process.
    ///
    /// `--help` prints the settings. `--health` queries the readiness of the running service and exits with 0 or 1.
    ///
    /// - Parameters:
    ///   - service: The service to run.
    ///   - command: The command as the user typed it, for `--help`; by default the executable of the service.
    ///   - arguments: The command-line options.
    ///   - build: Creates the service from its settings.
    package static func run(
        _ service: ServiceKind,
        command: String? = nil,
        arguments: [String] = Array(CommandLine.arguments.dropFirst()),
        build: @escaping @Sendable (Settings) async throws -> ServiceUnit
    ) async -> Never {
        var arguments = arguments
        if arguments.contains("--help") || arguments.contains("-h") {
            print(HelpText.text(for: service, command: command ?? service.executable))
            exit(0)
        }
        let isHealthQuery = arguments.contains("--health")
        arguments.removeAll { $0 == "--health" }
        var failure = FailureMessage(service: service)
        do {
            let settings = try await Settings.load(for: service, arguments: arguments)
            if isHealthQuery { exit(try await HealthCheck.query(service, settings) ? 0 : 1) }
            ProcessName.set(service.executable)
            try prepare(settings)
            let unit = try await build(settings)
            failure.unit = unit
            try await serve(unit)
            exit(0)
        } catch {
            LineLogHandler.writeToStandardError(
                LogEscaping.escape(failure.text(for: error), escapesQuotes: false) + "\n"
            )
            exit(1)
        }
    }

    /// Sets up logs, metrics and the limits of the process.
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
            logger.notice("Cancelled work that exceeded the shutdown limit", metadata: ["limit": "\(drainLimit)"])
        }
        logger.info("Stopped")
    }

    private static func group(of unit: ServiceUnit, logger: Logger) -> ServiceGroup {
        var services = (unit.services + [LifecycleLogger(unit: unit, logger: logger)])
            .map { ServiceGroupConfiguration.ServiceConfiguration(service: $0) }
        if SupervisedProcess.isSupervised {
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
}
