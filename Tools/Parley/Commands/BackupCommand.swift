import ArgumentParser
import ServiceKit

/// `parley backup`: copies the conversations to a file.
struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Copies all conversations to one file; Parley may be running.",
        discussion: "The backup does not contain the secrets in the data folder."
    )

    @Argument(help: "The file to create; it must not exist.")
    var file: String

    @Argument(parsing: .allUnrecognized, help: "Settings, such as --data-dir ./data.")
    var settings: [String] = []

    func run() async throws {
        try await Console.reportErrors {
            let settings = try await Settings.load(arguments: settings)
            let content = try Backup(directory: settings.dataDirectory, file: file).create()
            Console.print("\(file) contains \(content.messages) messages of \(content.conversations) conversations.")
        }
    }
}
