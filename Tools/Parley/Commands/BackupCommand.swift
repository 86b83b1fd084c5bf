import ArgumentParser
import ServiceKit

/// `parley backup`: copies the conversations to a file.
struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Copies all conversations to one file, while Parley runs or not.",
        discussion: "The secrets in the data folder are not in it."
    )

    @Argument(help: "The file to make; it must not be there yet.")
    var file: String

    @Argument(parsing: .allUnrecognized, help: "Settings, such as --data-dir ./data.")
    var settings: [String] = []

    func run() async throws {
        do {
            let settings = try await Settings.load(arguments: settings)
            let content = try Backup(directory: settings.dataDirectory, file: file).make()
            Console.print("\(file) holds \(content.messages) messages of \(content.conversations) conversations.")
        } catch let fault as InvalidSetting {
            Console.printError("parley: \(fault.message)")
            throw ExitCode(1)
        }
    }
}
