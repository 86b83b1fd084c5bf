import ArgumentParser
import ServiceKit

/// `parley doctor`: checks the settings, the data, the services and the providers.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Checks the settings, the data, the services and the providers, and says how to correct problems."
    )

    @Argument(parsing: .allUnrecognized, help: "Settings, such as --gateway-port 9000.")
    var settings: [String] = []

    func run() async throws {
        try await Console.reportErrors {
            let findings = await Diagnosis(settings: try await Settings.load(arguments: settings)).findings()
            for finding in findings { print(finding.line) }
            guard findings.allSatisfy(\.isHealthy) else { throw ExitCode(1) }
        }
    }
}
