import ArgumentParser
import ServiceKit

/// `parley doctor`: what is configured, what answers, what is wrong and how to mend it.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Says what is configured, what answers, what is wrong and how to mend it."
    )

    @Argument(parsing: .allUnrecognized, help: "Settings, such as --gateway-port 9000.")
    var settings: [String] = []

    func run() async throws {
        do {
            let findings = await Diagnosis(settings: try await Settings.load(arguments: settings)).findings()
            for finding in findings { print(finding.line) }
            guard findings.allSatisfy(\.isHealthy) else { throw ExitCode(1) }
        } catch let fault as InvalidSetting {
            Console.printError("parley: \(fault.message)")
            throw ExitCode(1)
        }
    }
}
