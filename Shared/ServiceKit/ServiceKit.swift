import Bus
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
    /// `--help` tells the settings, `--health` asks the running service whether it can work.
    /// - Parameters:
    ///   - name: the executable's name.
    ///   - portSetting: the setting that holds the service's port.
    package static func run(
        _ name: String,
        portSetting: String,
        build: @escaping @Sendable (Settings) async throws -> ServiceUnit
    ) async -> Never {
        var arguments = Array(CommandLine.arguments.dropFirst())
        if arguments.contains("--help") || arguments.contains("-h") {
            print(Usage.text(for: name))
            exit(0)
        }
        let asksHealth = arguments.contains("--health")
        arguments.removeAll { $0 == "--health" }
        do {
            let settings = try await Settings.load(arguments: arguments)
            if asksHealth { exit(await HealthCheck.ask(settings, portSetting: portSetting) ? 0 : 1) }
            try prepare(settings)
            try await serve(try await build(settings), portSetting: portSetting)
            exit(0)
        } catch {
            complain("\(name): \(StartFault.sentence(for: error, portSetting: portSetting))")
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

    private static func serve(_ unit: ServiceUnit, portSetting: String) async throws {
        let logger = Logger(label: unit.name)
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .notice)
        var configuration = ServiceGroupConfiguration(
            services: unit.services + [Announcement(unit: unit, logger: logger)],
            gracefulShutdownSignals: [.sigterm, .sigint],
            logger: quiet
        )
        configuration.maximumGracefulShutdownDuration = drainLimit
        configuration.maximumCancellationDuration = cancellationLimit
        let group = ServiceGroup(configuration: configuration)
        if getenv("PARLEY_SUPERVISED") != nil { StandardInput.onEnd { await group.triggerGracefulShutdown() } }
        try await withLogger(logger) { _ in try await group.run() }
        logger.info("Stopped")
    }

    private static func complain(_ sentence: String) {
        LineLogHandler.writeToStandardError(sentence + "\n")
    }
}
