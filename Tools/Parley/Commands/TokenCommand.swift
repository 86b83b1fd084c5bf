import ArgumentParser
import Contracts
import Foundation
import GatewayService
import ServiceKit

/// `parley token`: signs a token for a user.
struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token",
        abstract: "Prints a token for a user; send it as Authorization: Bearer …"
    )

    @Option(help: "The user that the token is for.")
    var user: String

    @Option(help: "The role of the user: user or admin.")
    var role: Principal.Role = .user

    @Option(help: "Hours until the token expires.")
    var hours: Int = 24

    @Argument(parsing: .allUnrecognized, help: "Settings, such as --data-dir ./data.")
    var settings: [String] = []

    func validate() throws {
        guard TokenIssuer.isValidUser(user) else {
            throw ValidationError("--user must have 1 to 255 bytes and no control characters.")
        }
        guard (1...87_600).contains(hours) else {
            throw ValidationError("--hours must be from 1 to 87600.")
        }
    }

    func run() async throws {
        try await Console.reportErrors {
            print(try await token(Settings.load(arguments: settings)))
        }
    }

    /// Returns the token that the options describe.
    func token(_ settings: Settings, now: Date = Date()) async throws -> String {
        let issuer = await TokenIssuer(
            secret: try settings.jwtSecret(),
            issuer: settings.string("JWT_ISSUER") ?? "parley",
            audience: settings.string("JWT_AUDIENCE")
        )
        return try await issuer.token(for: user, role: role, lifetime: hours * 3600, now: now.timeIntervalSince1970)
    }
}

extension Principal.Role: ExpressibleByArgument {}
