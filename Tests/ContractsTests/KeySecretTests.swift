import Contracts
import Testing

struct KeySecretTests {
    @Test func `secrets are unique and can be parsed`() throws {
        var seen: Set<String> = []
        for _ in 0..<1000 {
            let secret = KeySecret()
            #expect(secret.text.hasPrefix("sk-parley-"))
            #expect(secret.text.utf8.count == 48)
            #expect(KeySecret(secret.text) == secret)
            #expect(KeySecret.isDigest(secret.digest))
            #expect(seen.insert(secret.text).inserted)
            #expect(seen.insert(secret.digest).inserted)
        }
    }

    @Test func `the checksum detects any single error`() {
        let bytes = Array(KeySecret().text.utf8)
        for index in bytes.indices {
            for byte in [UInt8(ascii: "0"), UInt8(ascii: "z"), UInt8(ascii: "'"), 0, 0xFF] where bytes[index] != byte {
                var wrong = bytes
                wrong[index] = byte
                #expect(KeySecret(String(decoding: wrong, as: UTF8.self)) == nil)
            }
            #expect(KeySecret(String(decoding: bytes[..<index], as: UTF8.self)) == nil)
        }
        for text in ["", "sk-parley-", "sk-parley-' OR 1=1 --", String(decoding: bytes, as: UTF8.self) + "0"] {
            #expect(KeySecret(text) == nil)
        }
    }

    @Test func `the digest is the SHA-256 of the text in hexadecimal digits`() throws {
        let secret = try #require(KeySecret("sk-parley-00000000000000000000000000000000Iryjw2"))
        #expect(secret.digest == "b13ad4dc6aded0d0f97e862a49e18ed3474ac35a1b96a4ed9925fb5f38b4c016")
        #expect(!"\(secret)".contains("0000"))
    }

    @Test func `a derived secret is the same for ever and depends on every part`() throws {
        let secret = KeySecret(derivedFrom: "a secret", parts: ["a", "bcé", ""])
        #expect(secret.text == "sk-parley-BQWLI7qDKf4H09th2IeXiLDAoEN8d53V9iTkC3")
        #expect(KeySecret(secret.text) == secret)
        let others = [
            KeySecret(derivedFrom: "another", parts: ["a", "bcé", ""]),
            KeySecret(derivedFrom: "a secret", parts: ["ab", "cé", ""]),
            KeySecret(derivedFrom: "a secret", parts: ["a", "bcé"]), KeySecret(derivedFrom: "a secret", parts: []),
        ]
        #expect(Set(others + [secret]).count == 5)
        for other in others { #expect(KeySecret(other.text) == other) }
    }
}
