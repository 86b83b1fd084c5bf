import Foundation
import ServiceKit
import TestSupport
import Testing

@Suite struct SecretTests {
    private static let good = "0123456789abcdefghijklmnopqrstuv"

    @Test func `secrets come from the settings, else from files in the data folder`() async throws {
        try await withTemporaryDirectory { directory in
            try "token-from-the-file\n".write(toFile: directory + "/bus-token", atomically: true, encoding: .utf8)
            try (Self.good + "\n").write(toFile: directory + "/jwt-secret", atomically: true, encoding: .utf8)
            let files = Settings(values: ["DATA_DIR": directory])
            #expect(try files.busToken() == "token-from-the-file")
            #expect(try files.jwtSecret() == Self.good)
            let set = Settings(values: ["DATA_DIR": directory, "BUS_TOKEN": "token-from-a-setting"])
            #expect(try set.busToken() == "token-from-a-setting")
        }
    }

    @Test func `a secret that is nowhere stops the start and says what to do`() async throws {
        try await withTemporaryDirectory { directory in
            let settings = Settings(values: ["DATA_DIR": directory])
            let sentence = "is not set and there is no file"
            #expect(
                throws: InvalidSetting(
                    "BUS_TOKEN \(sentence) \(directory)/bus-token. Run parley up once, or set BUS_TOKEN."
                )
            ) {
                try settings.busToken()
            }
            #expect(
                throws: InvalidSetting(
                    "JWT_SECRET_KEY \(sentence) \(directory)/jwt-secret. Run parley up once, or set JWT_SECRET_KEY."
                )
            ) {
                try settings.jwtSecret()
            }
        }
    }

    @Test(arguments: [
        "short", "31-bytes-and-one-would-be-enough", "yral-jwt-secret-key-change-in-production-2024",
        "your-super-secret-key-change-in-production", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "change-me-change-me-change-me-change-me",
    ])
    func `a secret that is short, an example or easily guessed is refused, and not shown`(secret: String) {
        let secret = secret.hasPrefix("31") ? String(secret.prefix(31)) : secret
        let settings = Settings(values: ["JWT_SECRET_KEY": secret])
        let fault = #expect(throws: InvalidSetting.self) { try settings.jwtSecret() }
        #expect(fault?.message.contains(secret) == false)
        #expect(fault?.message.hasPrefix("JWT_SECRET_KEY ") == true)
    }

    @Test(arguments: ["sixteen bytes and blanks", "sixteen-bytes-and\nmore", "sixteen-bytes-ünd-more"])
    func `a bus token that cannot stand in a header is refused`(token: String) {
        let settings = Settings(values: ["BUS_TOKEN": token])
        let fault = #expect(throws: InvalidSetting.self) { try settings.busToken() }
        #expect(fault?.message.contains("visible ASCII") == true)
    }
}
