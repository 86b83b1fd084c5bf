import Foundation

extension Settings {
    /// Secrets that stand in documents and examples, and so are none.
    private static let examples = [
        "yral-jwt-secret-key-change-in-production-2024", "your-super-secret-key-change-in-production",
        "your-secret-key-change-in-production", "your-secret-key-change-in-production-2024",
        "change-me-change-me-change-me-change-me", "a-string-secret-at-least-256-bits-long",
        "your-256-bit-secret-your-256-bit-secret", "12345678901234567890123456789012",
        "0123456789abcdef0123456789abcdef", "passwordpasswordpasswordpassword", "secretsecretsecretsecretsecretsecret",
        "abcdefghijklmnopqrstuvwxyz123456", "supersecretsupersecretsupersecret",
    ]

    /// The secret of the bus: `BUS_TOKEN`, else the file `bus-token` in `DATA_DIR`.
    ///
    /// Throws ``InvalidSetting`` for one that is short, easily guessed, or cannot stand in a header.
    package func busToken() throws -> String {
        let token = try secret("BUS_TOKEN", file: "bus-token", minimum: 16)
        guard token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw InvalidSetting(
                "BUS_TOKEN must be visible ASCII characters without spaces, because it is sent in a header."
            )
        }
        return token
    }

    /// The secret of the tokens: `JWT_SECRET_KEY`, else the file `jwt-secret` in `DATA_DIR`.
    ///
    /// Throws ``InvalidSetting`` for one under 32 bytes and for a known example.
    package func jwtSecret() throws -> String {
        try secret("JWT_SECRET_KEY", file: "jwt-secret", minimum: 32)
    }

    private func secret(_ name: String, file: String, minimum: Int) throws -> String {
        let path = dataDirectory + "/" + file
        guard let secret = try string(name) ?? read(path, for: name) else {
            throw InvalidSetting("\(name) is not set and there is no file \(path). Run parley up once, or set \(name).")
        }
        guard secret.utf8.count >= minimum else {
            let place = string(name) == nil ? " (in \(path))" : ""
            throw InvalidSetting("\(name)\(place) has \(secret.utf8.count) bytes; it must have \(minimum) or more.")
        }
        let isRepeated = Set(secret.utf8).count < 6
        guard !isRepeated, !Self.examples.contains(secret) else {
            throw InvalidSetting("\(name) is a known example, or as easily guessed. Set one made by chance.")
        }
        return secret
    }

    private func read(_ path: String, for name: String) throws -> String? {
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        do {
            return try String(contentsOfFile: path, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
        } catch {
            throw InvalidSetting("The file \(path), which holds \(name), cannot be read.")
        }
    }
}
