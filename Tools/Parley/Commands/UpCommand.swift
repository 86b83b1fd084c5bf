import ArgumentParser
import Foundation
import ServiceKit

/// `parley up`: starts the services and keeps them up until it is told to stop.
struct UpCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "up",
        abstract: "Starts the services and keeps them up; Ctrl-C or SIGTERM drains and stops them."
    )

    @Option(help: "Start only these, with commas: gateway, conversation, inference, media, transcription.")
    var only: String?

    @Argument(parsing: .allUnrecognized, help: "Settings for the services, such as --gateway-port 9000.")
    var settings: [String] = []

    func run() async throws {
        do {
            let loaded = try await Settings.load(arguments: settings)
            let plan = try ServicePlan(settings: loaded, only: only, options: settings)
            try SecretFiles(directory: loaded.dataDirectory).make(for: loaded)
            let locks = try plan.services.map { try FileLock.take($0, in: loaded.dataDirectory) }
            defer { for lock in locks { lock.release() } }
            let succeeded = await Supervisor(plan: plan).run()
            guard succeeded else { throw ExitCode(1) }
        } catch let fault as InvalidSetting {
            Console.printError("parley: \(fault.message)")
            throw ExitCode(1)
        }
    }
}
