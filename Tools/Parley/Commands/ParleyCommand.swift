package import ArgumentParser

/// The command line of Parley.
package struct ParleyCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "parley",
        abstract: "Starts Parley, hands out tokens, and says what is wrong.",
        discussion: "Every setting is an environment variable, a line in .env, or an option: --gateway-port 9000.",
        subcommands: [UpCommand.self, TokenCommand.self, DoctorCommand.self]
    )

    package init() {}
}
