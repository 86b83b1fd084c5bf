import ArgumentParser
import ServiceKit

/// `parley restore`: puts a backup in place.
struct RestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Puts a backup in the place of the conversations, while Parley is stopped."
    )

    @Argument(help: "The file that parley backup made.")
    var file: String

    @Flag(help: "Put conversations that are there aside; without this they refuse the restore.")
    var replace = false

    @Argument(parsing: .allUnrecognized, help: "Settings, such as --data-dir ./data.")
    var settings: [String] = []

    func run() async throws {
        do {
            let settings = try await Settings.load(arguments: settings)
            let restore = Restore(file: file, directory: settings.dataDirectory, replaces: replace)
            let outcome = try restore.perform()
            let content = outcome.content
            Console.print("Restored \(content.messages) messages of \(content.conversations) conversations.")
            if let aside = outcome.aside { Console.print("What was there before is now \(aside).") }
        } catch let fault as InvalidSetting {
            Console.printError("parley: \(fault.message)")
            throw ExitCode(1)
        }
    }
}
