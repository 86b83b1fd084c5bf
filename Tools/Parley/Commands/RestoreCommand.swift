import ArgumentParser
import ServiceKit

/// `parley restore`: replaces the conversations by a backup.
struct RestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Restores the conversations from a backup, while Parley is stopped."
    )

    @Argument(help: "A file that parley backup created.")
    var file: String

    @Flag(help: "Replace existing conversations; they are kept in another file.")
    var replace = false

    @Argument(parsing: .allUnrecognized, help: "Settings, such as --data-dir ./data.")
    var settings: [String] = []

    func run() async throws {
        try await Console.reportErrors {
            let settings = try await Settings.load(arguments: settings)
            let restore = Restore(file: file, directory: settings.dataDirectory, replaces: replace)
            let outcome = try restore.perform()
            let content = outcome.content
            Console.print("Restored \(content.messages) messages of \(content.conversations) conversations.")
            if let aside = outcome.aside { Console.print("The previous conversations are in \(aside).") }
        }
    }
}
