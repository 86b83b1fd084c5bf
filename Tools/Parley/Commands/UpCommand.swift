import ArgumentParser
import ServiceKit

/// `parley up`: runs the services as child processes.
struct UpCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "up",
        abstract: "Starts the services and restarts those that fail; Ctrl-C or SIGTERM shuts them down."
    )

    @Option(
        help: "Start only these services, separated by commas: gateway, conversation, inference, media, transcription."
    )
    var only: String?

    @Argument(parsing: .allUnrecognized, help: "Settings of the services, such as --gateway-port 9000.")
    var settings: [String] = []

    func run() async throws {
        try await Console.reportErrors {
            let loaded = try await Settings.load(arguments: settings)
            let plan = try ServicePlan(settings: loaded, only: only)
            try SecretFiles(directory: loaded.dataDirectory).create(for: loaded)
            let locks = try plan.services.map { try FileLock.acquire($0, in: loaded.dataDirectory) }
            defer { for lock in locks { lock.release() } }
            let succeeded = await Supervisor(plan: plan).run()
            guard succeeded else { throw ExitCode(1) }
        }
    }
}
