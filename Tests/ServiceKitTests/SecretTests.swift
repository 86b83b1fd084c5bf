import Foundation
import ServiceKit
import TestSupport
import Testing

@Suite struct SecretTests {
    private static let good = "0123456789abcdefghijklmnopqrstuv"

    @Test func `secrets come from the settings, or else from files in the data folder`() async throws {
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

    @Test func `a missing secret is rejected with advice`() async throws {
        try await withTemporaryDirectory { directory in
            let settings = Settings(values: ["DATA_DIR": directory])
            let message = "is not set and there is no file"
            #expect(
                throws: InvalidSetting(
                    "BUS_TOKEN \(message) \(directory)/bus-token. Run parley up once, or set BUS_TOKEN."
                )
            ) {
                try settings.busToken()
            }
            #expect(
                throws: InvalidSetting(
                    "JWT_SECRET_KEY \(message) \(directory)/jwt-secret. Run parley up once, or set JWT_SECRET_KEY."
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
    func `a secret that is short, an example or easy to guess is rejected and not printed`(secret: String) {
        let secret = secret.hasPrefix("31") ? String(secret.prefix(31)) : secret
        let settings = Settings(values: ["JWT_SECRET_KEY": secret])
        let fault = #expect(throws: InvalidSetting.self) { try settings.jwtSecret() }
        #expect(fault?.message.contains(secret) == false)
        #expect(fault?.message.hasPrefix("JWT_SECRET_KEY ") == true)
    }

    @Test(arguments: ["sixteen bytes and spaces", "sixteen-bytes-ünd-more"])
    func `a bus token that is not allowed in a header is rejected`(token: String) {
        let settings = Settings(values: ["BUS_TOKEN": token])
        let fault = #expect(throws: InvalidSetting.self) { try settings.busToken() }
        #expect(fault?.message.contains("visible ASCII") == true)
    }

    private static let controlled = [
        "a-secret-that-is-long-enough-0123\n", "a-secret-that-is\nlong-enough-0123456",
        "a-secret-that-is\r\nlong-enough-01",
        "a-secret-that-is\u{0}long-enough-0123", "\u{1B}[2Ja-secret-that-is-long-enough-01",
        "a-secret-that-is\u{7F}long-enough-0123",
        "a-secret-that-is\u{85}long-enough-0123", "a-secret-that-is\u{2028}long-enough-0123",
        "a-secret-that-is\tlong-enough-012345",
    ]

    @Test(arguments: Settings.known.filter(\.isSecret).map(\.name), controlled)
    func `a secret with a control character is rejected and not printed`(name: String, secret: String) async throws {
        let error = await #expect(throws: InvalidSetting.self) {
            _ = try await Settings.load(arguments: [], environmentFile: "/nowhere", environment: [name: secret])
        }
        #expect(error?.message == "\(name) contains a line break or another control character. Set it without.")
        #expect(throws: InvalidSetting.self) { try Settings(values: [name: secret]).secret(name) }
        #expect(throws: InvalidSetting.self) { try Settings(values: [name: secret]).secret(inVariable: name) }
    }

    @Test(arguments: controlled.dropFirst())
    func `a secret file with a control character in its middle is rejected and not printed`(secret: String) async throws
    {
        try await withTemporaryDirectory { directory in
            let settings = Settings(values: ["DATA_DIR": directory])
            for (file, read) in [("bus-token", settings.busToken), ("jwt-secret", settings.jwtSecret)] {
                try (secret + "\n").write(toFile: "\(directory)/\(file)", atomically: true, encoding: .utf8)
                let error = #expect(throws: InvalidSetting.self) { try read() }
                #expect(error?.message.contains("(in \(directory)/\(file)) contains a line break") == true)
                #expect(error?.message.contains("a-secret") == false)
            }
        }
    }
}
