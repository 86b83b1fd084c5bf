import Foundation

extension Settings {
    /// Secrets from documents and examples, which everyone knows.
    private static let examples = [
        "yral-jwt-secret-key-change-in-production-2024", "your-super-secret-key-change-in-production",
        "your-secret-key-change-in-production", "your-secret-key-change-in-production-2024",
        "change-me-change-me-change-me-change-me", "a-string-secret-at-least-256-bits-long",
        "your-256-bit-secret-your-256-bit-secret", "12345678901234567890123456789012",
        "0123456789abcdef0123456789abcdef", "passwordpasswordpasswordpassword", "secretsecretsecretsecretsecretsecret",
        "abcdefghijklmnopqrstuvwxyz123456", "supersecretsupersecretsupersecret",
    ]

    /// Returns the secret of the bus: `BUS_TOKEN`, or else the content of the file `bus-token` in `DATA_DIR`.
    ///
    /// Throws ``InvalidSetting`` if it is shorter than 16 bytes, easy to guess, or not allowed in a header.
    package func busToken() throws -> String {
        let token = try secret("BUS_TOKEN", file: "bus-token", minimum: 16)
        guard token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw InvalidSetting(
                "BUS_TOKEN must be visible ASCII characters without spaces, because it is sent in a header."
            )
        }
        return token
    }

    /// Returns the secret that signs tokens: `JWT_SECRET_KEY`, or else the content of the file `jwt-secret` in `DATA_DIR`.
    ///
    /// Throws ``InvalidSetting`` if it is shorter than 32 bytes or a known example.
    package func jwtSecret() throws -> String {
        try secret("JWT_SECRET_KEY", file: "jwt-secret", minimum: 32)
    }

    /// Returns a secret after a check that it contains no control character, such as a line break in its middle or at
    /// its end: it would break the header that it is sent in, and is most likely a mistake of copying.
    static func checkedSecret(_ secret: String?, name: String) throws -> String? {
        guard let secret else { return nil }
        let hasControl = secret.unicodeScalars.contains {
            $0.properties.generalCategory == .control || $0 == "\u{2028}" || $0 == "\u{2029}"
        }
        guard !hasControl else {
            throw InvalidSetting("\(name) contains a line break or another control character. Set it without.")
        }
        return secret
    }

    private func secret(_ name: String, file: String, minimum: Int) throws -> String {
        let path = dataDirectory + "/" + file
        let value = try secret(name)
        guard let secret = try value ?? read(path, for: name) else {
            throw InvalidSetting("\(name) is not set and there is no file \(path). Run parley up once, or set \(name).")
        }
        guard secret.utf8.count >= minimum else {
            let place = value == nil ? " (in \(path))" : ""
            throw InvalidSetting("\(name)\(place) has \(secret.utf8.count) bytes; it must have \(minimum) or more.")
        }
        let isRepeated = Set(secret.utf8).count < 6
        guard !isRepeated, !Self.examples.contains(secret) else {
            throw InvalidSetting("\(name) is a known example or easy to guess. Set a random one.")
        }
        return secret
    }

    private func read(_ path: String, for name: String) throws -> String? {
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        let text: String
        do {
            text = try String(contentsOfFile: path, encoding: .utf8)
        } catch {
            throw InvalidSetting("The file \(path), which contains \(name), cannot be read.")
        }
        return try Self.checkedSecret(
            text.trimmingCharacters(in: .whitespacesAndNewlines),
            name: "\(name) (in \(path))"
        )
    }
}
