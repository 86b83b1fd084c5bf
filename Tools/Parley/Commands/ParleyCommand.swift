import ArgumentParser

/// The command line of Parley.
struct ParleyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "parley",
        abstract: "Starts Parley, hands out tokens and keys, says what is wrong, and makes backups.",
        discussion: "Every setting is an environment variable, a line in .env, or an option: --gateway-port 9000.",
        subcommands: [
            UpCommand.self, TokenCommand.self, KeyCommand.self, DoctorCommand.self, BackupCommand.self,
            RestoreCommand.self,
        ]
    )
}

/// The executable `parley`.
package enum Parley {
    /// Reads the command line, does what it says, and ends the process when that fails.
    package static func run() async {
        await ParleyCommand.main()
    }
}
