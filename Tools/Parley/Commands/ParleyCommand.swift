import ArgumentParser

/// The command `parley`.
struct ParleyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "parley",
        abstract: "Runs Parley, issues tokens and API keys, finds problems, and makes backups.",
        discussion: "A setting is an environment variable, a line in .env, or an option: --gateway-port 9000.",
        subcommands: [
            UpCommand.self, ServeCommand.self, TokenCommand.self, KeyCommand.self, DoctorCommand.self,
            BackupCommand.self, RestoreCommand.self,
        ]
    )
}

/// The executable `parley`.
package enum Parley {
    /// Runs the command of the command line, and exits the process if it fails.
    package static func run() async {
        await ParleyCommand.main()
    }
}
