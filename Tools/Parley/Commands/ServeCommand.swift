import ArgumentParser
import ConversationService
import GatewayService
import InferenceService
import MediaService
import ServiceKit
import TranscriptionService

/// `parley serve`: runs one service in this process.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Runs one service: gateway, conversation, inference, media or transcription.",
        usage: "parley serve <service> [--health] [--help] [--<setting> <value> …]",
        discussion: """
            parley serve gateway --help lists the settings of the gateway. With --health the command queries the \
            readiness of the running service and exits with 0 (ready) or 1.
            """
    )

    @Argument(parsing: .captureForPassthrough, help: "The service, and its options.")
    var arguments: [String] = []

    func run() async throws {
        guard let name = arguments.first, name != "--help", name != "-h" else { throw CleanExit.helpRequest(self) }
        guard let service = ServiceKind(rawValue: name) else {
            let allowed = ServiceKind.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("\(name) is not a service. Name one of: \(allowed).")
        }
        await ServiceKit.run(
            service,
            command: "parley serve \(name)",
            arguments: Array(arguments.dropFirst()),
            build: Self.builder(of: service)
        )
    }

    /// The only place that knows all services.
    private static func builder(of service: ServiceKind) -> @Sendable (Settings) async throws -> ServiceUnit {
        switch service {
        case .gateway: GatewayService.unit
        case .conversation: ConversationService.unit
        case .inference: { try await InferenceService.unit(settings: $0) }
        case .media: MediaService.unit
        case .transcription: TranscriptionService.unit
        }
    }
}
