import ArgumentParser
import Foundation
import JWTKit
import ServiceKit

/// `parley token`: makes a token for a user, signed with the secret of this house.
struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token",
        abstract: "Prints a token for a user; send it as Authorization: Bearer …"
    )

    @Option(help: "Whom the token is about.")
    var user: String

    @Option(help: "What they may do: user or admin.")
    var role: Role = .user

    @Option(help: "How many hours the token is good for.")
    var hours: Int = 24

    @Argument(parsing: .allUnrecognized, help: "Settings, such as --data-dir ./data.")
    var settings: [String] = []

    enum Role: String, ExpressibleByArgument, CaseIterable {
        case user
        case admin
    }

    /// What the token says.
    struct Claims: JWTPayload {
        var exp: Int
        var iat: Int
        var iss: String
        var sub: String
        var user_id: String
        var role: String
        var aud: String?

        func verify(using algorithm: some JWTAlgorithm) {}
    }

    func validate() throws {
        guard (1...255).contains(user.utf8.count) else {
            throw ValidationError("--user must have 1 to 255 bytes.")
        }
        guard user.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control }) else {
            throw ValidationError("--user must hold no control characters: the gateway believes no such token.")
        }
        guard (1...87_600).contains(hours) else {
            throw ValidationError("--hours must be from 1 to 87600.")
        }
    }

    func run() async throws {
        do {
            print(try await token(Settings.load(arguments: settings)))
        } catch let fault as InvalidSetting {
            Console.printError("parley: \(fault.message)")
            throw ExitCode(1)
        }
    }

    /// The token that the options ask for.
    func token(_ settings: Settings, now: Date = Date()) async throws -> String {
        let keys = await JWTKeyCollection()
            .add(hmac: HMACKey(from: try settings.jwtSecret()), digestAlgorithm: .sha256)
        let seconds = Int(now.timeIntervalSince1970.rounded(.down))
        return try await keys.sign(
            Claims(
                exp: seconds + hours * 3600,
                iat: seconds,
                iss: settings.string("JWT_ISSUER") ?? "parley",
                sub: user,
                user_id: user,
                role: role.rawValue,
                aud: settings.string("JWT_AUDIENCE")
            )
        )
    }
}
