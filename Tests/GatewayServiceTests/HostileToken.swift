import Foundation

/// Tokens that must be rejected; signed ones are signed with the correct secret.
enum HostileToken {
    private static let now = Int(Date().timeIntervalSince1970)
    private static let good = "\"user_id\":\"alice\",\"iss\":\"parley\",\"exp\":\(now + 3600)"

    static let all: [(description: String, token: String)] =
        algorithms + keys + claims + shapes

    /// Invalid headers.
    private static let algorithms: [(String, String)] = [
        ("alg none", unsigned(#"{"alg":"none"}"#)),
        ("alg None", unsigned(#"{"alg":"None"}"#)),
        ("alg NONE", unsigned(#"{"alg":"NONE","typ":"JWT"}"#)),
        ("alg nOnE", unsigned(#"{"alg":"nOnE"}"#)),
        ("alg none with a signature", unsigned(#"{"alg":"none"}"#) + "AA"),
        ("alg none, but signed", header(#"{"alg":"none"}"#)),
        ("alg empty", header(#"{"alg":""}"#)),
        ("alg absent", header(#"{"typ":"JWT"}"#)),
        ("alg null", header(#"{"alg":null}"#)),
        ("alg a list", header(#"{"alg":["HS256"]}"#)),
        ("alg hs256", header(#"{"alg":"hs256"}"#)),
        ("alg HS384", header(#"{"alg":"HS384"}"#)),
        ("alg HS512", header(#"{"alg":"HS512"}"#)),
        ("alg RS256", header(#"{"alg":"RS256"}"#)),
        ("alg PS256", header(#"{"alg":"PS256"}"#)),
        ("alg EdDSA", header(#"{"alg":"EdDSA"}"#)),
        ("alg HS1", header(#"{"alg":"HS1"}"#)),
        ("alg ES256", header(#"{"alg":"ES256"}"#)),
        ("alg with a blank", header(#"{"alg":"HS256 "}"#)),
        ("alg with NUL", header(#"{"alg":"HS256\u0000"}"#)),
        ("alg twice", header(#"{"alg":"none","alg":"HS256"}"#)),
        ("typ wrong", header(#"{"alg":"HS256","typ":"at+jwt"}"#)),
        ("typ a number", header(#"{"alg":"HS256","typ":1}"#)),
        ("zip", header(#"{"alg":"HS256","zip":"DEF"}"#)),
        ("enc", header(#"{"alg":"dir","enc":"A128GCM"}"#)),
        ("a token in a token", header(#"{"alg":"HS256","cty":"JWT"}"#, payload: "\"\(valid)\"")),
        ("cty", header(#"{"alg":"HS256","cty":"JWT"}"#)),
        ("a header that is a list", header(#"["HS256"]"#)),
        ("a header that is no JSON", header("HS256")),
    ]

    /// Headers that select another key.
    private static let keys: [(String, String)] = [
        ("kid unknown", header(#"{"alg":"HS256","kid":"other"}"#)),
        ("kid a path", header(#"{"alg":"HS256","kid":"../../../../dev/null"}"#)),
        ("kid SQL", header(#"{"alg":"HS256","kid":"' UNION SELECT 'x'--"}"#)),
        ("kid NUL", header(#"{"alg":"HS256","kid":"\u0000"}"#)),
        ("jku", header(#"{"alg":"HS256","jku":"http://127.0.0.1:1/jwks"}"#)),
        ("x5u", header(#"{"alg":"HS256","x5u":"http://127.0.0.1:1/x"}"#)),
        ("kid a URL", header(#"{"alg":"HS256","kid":"http://127.0.0.1:1/key"}"#)),
        ("x5c", header(#"{"alg":"HS256","x5c":["AA"]}"#)),
        ("jwk", header(#"{"alg":"HS256","jwk":{"kty":"oct","k":"AA"}}"#)),
        ("crit", header(#"{"alg":"HS256","crit":["exp"]}"#)),
        ("b64", header(#"{"alg":"HS256","b64":false,"crit":["b64"]}"#)),
        ("another secret", TestToken.make(payload: "{\(good)}", secret: "another-secret-for-signing-tokens-in-tests")),
        (
            "a public key as the secret",
            TestToken.make(
                header: #"{"alg":"HS256","typ":"JWT"}"#,
                payload: "{\(good)}",
                secret: "-----BEGIN PUBLIC KEY-----\nAA==\n-----END PUBLIC KEY-----\n"
            )
        ),
        ("an empty secret", TestToken.make(payload: "{\(good)}", secret: "")),
    ]

    /// Invalid claims.
    private static let claims: [(String, String)] = [
        ("exp absent", claims(#""user_id":"alice","iss":"parley""#)),
        ("exp past", claims("\"user_id\":\"alice\",\"iss\":\"parley\",\"exp\":\(now - 1)")),
        ("exp a text", claims("\"user_id\":\"alice\",\"iss\":\"parley\",\"exp\":\"\(now + 3600)\"")),
        ("exp 1e300", claims(#""user_id":"alice","iss":"parley","exp":1e300"#)),
        ("exp 1e999", claims(#""user_id":"alice","iss":"parley","exp":1e999"#)),
        ("exp negative", claims(#""user_id":"alice","iss":"parley","exp":-1"#)),
        ("exp NaN", claims(#""user_id":"alice","iss":"parley","exp":NaN"#)),
        ("exp a fraction past", claims("\"user_id\":\"alice\",\"iss\":\"parley\",\"exp\":\(now - 1).5")),
        ("exp a list", claims("\"user_id\":\"alice\",\"iss\":\"parley\",\"exp\":[\(now + 3600)]")),
        ("exp in milliseconds", claims("\"user_id\":\"alice\",\"iss\":\"parley\",\"exp\":\(now + 3600)000000")),
        ("exp null", claims(#""user_id":"alice","iss":"parley","exp":null"#)),
        ("exp true", claims(#""user_id":"alice","iss":"parley","exp":true"#)),
        ("exp twice", claims("\"user_id\":\"alice\",\"iss\":\"parley\",\"exp\":1,\"exp\":\(now + 3600)")),
        ("iss absent", claims("\"user_id\":\"alice\",\"exp\":\(now + 3600)")),
        ("iss wrong", claims("\"user_id\":\"alice\",\"iss\":\"other\",\"exp\":\(now + 3600)")),
        ("iss in capitals", claims("\"user_id\":\"alice\",\"iss\":\"PARLEY\",\"exp\":\(now + 3600)")),
        ("iss with a blank", claims("\"user_id\":\"alice\",\"iss\":\"parley \",\"exp\":\(now + 3600)")),
        ("iss null", claims("\"user_id\":\"alice\",\"iss\":null,\"exp\":\(now + 3600)")),
        ("iss a list", claims("\"user_id\":\"alice\",\"iss\":[\"parley\"],\"exp\":\(now + 3600)")),
        ("user absent", claims("\"iss\":\"parley\",\"exp\":\(now + 3600)")),
        ("user empty", claims("\"user_id\":\"\",\"iss\":\"parley\",\"exp\":\(now + 3600)")),
        ("user empty, sub good", claims("\"user_id\":\"\",\"sub\":\"a\",\"iss\":\"parley\",\"exp\":\(now + 3600)")),
        ("user an object", claims("\"user_id\":{\"$ne\":\"\"},\"iss\":\"parley\",\"exp\":\(now + 3600)")),
        (
            "user in a name that looks the same",
            claims("\"u\u{0455}er_id\":\"alice\",\"iss\":\"parley\",\"exp\":\(now + 3600)")
        ),
        ("user with NUL", claims("\"user_id\":\"alice\\u0000\",\"iss\":\"parley\",\"exp\":\(now + 3600)")),
        ("user with half a surrogate", claims("\"user_id\":\"a\\ud800\",\"iss\":\"parley\",\"exp\":\(now + 3600)")),
        ("user a number", claims("\"user_id\":1,\"iss\":\"parley\",\"exp\":\(now + 3600)")),
        ("user with a newline", claims("\"user_id\":\"a\\nb\",\"iss\":\"parley\",\"exp\":\(now + 3600)")),
        ("user with a C1 control", claims("\"user_id\":\"a\\u0085b\",\"iss\":\"parley\",\"exp\":\(now + 3600)")),
        ("user of 256 bytes", claims("\"sub\":\"\(long(256))\",\"iss\":\"parley\",\"exp\":\(now + 3600)")),
        ("user twice", claims("\"user_id\":\"bob\",\(good)")),
        ("nbf future", claims("\(good),\"nbf\":\(now + 600)")),
        ("iat future", claims("\(good),\"iat\":\(now + 600)")),
        ("nbf 1e400", claims("\(good),\"nbf\":1e400")),
        ("nbf 1e300", claims("\(good),\"nbf\":1e300")),
        ("iat a list", claims("\(good),\"iat\":[1]")),
        ("role a number", claims("\(good),\"role\":1")),
        ("aud an object", claims("\(good),\"aud\":{\"a\":1}")),
        ("nbf a text", claims("\(good),\"nbf\":\"now\"")),
        ("a payload that is a list", TestToken.make(payload: "[\(now)]")),
        ("a payload that is empty", TestToken.make(payload: "")),
        ("a payload with something after", TestToken.make(payload: "{\(good)}x")),
        ("a payload 100 deep", claims("\(good),\"a\":\(long(100, "["))\(long(100, "]"))")),
        (
            "a payload in UTF-16",
            broken(payload: Array("{\(good)}".utf16).flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] })
        ),
        ("a payload with a byte order mark", broken(payload: [0xEF, 0xBB, 0xBF] + Array("{\(good)}".utf8))),
        ("a payload that is no UTF-8", broken(payload: Array("{\(good),\"a\":\"".utf8) + [0xFF] + Array("\"}".utf8))),
    ]

    /// Invalid encodings.
    private static let shapes: [(String, String)] = [
        ("a word", "x"),
        ("two dots", ".."),
        ("one segment", TestToken.encode("{\(good)}")),
        ("two segments", segments(0..<2)),
        ("four segments", valid + ".x"),
        ("five segments", valid + ".x.y"),
        ("no signature", segments(0..<2) + "."),
        ("half a signature", String(valid.dropLast(20))),
        ("a longer signature", valid + "AA"),
        ("another signature", segments(0..<2) + "." + TestToken.encode(Array(repeating: 0, count: 32))),
        ("padding", valid + "="),
        ("plain base64", segments(0..<2) + "." + long(42, "+") + "A"),
        ("a signature of the same meaning", twin),
        ("a dot before", "." + valid),
        ("a blank within", valid.replacing(".", with: ". ")),
        ("a tilde after", valid + "~"),
        ("segments in another order", valid.split(separator: ".").reversed().joined(separator: ".")),
        ("the same segment three times", Array(repeating: segments(0..<1), count: 3).joined(separator: ".")),
        ("a slash", "/" + valid),
        ("a quoted token", "\"\(valid)\""),
        ("a percent", valid + "%00"),
        ("9 KB", claims("\(good),\"a\":\"\(long(9000))\"")),
    ]

    private static let valid = TestToken.make(payload: "{\(good)}")

    /// The last character of a signature has two unused bits: another spelling of the same token.
    private static var twin: String {
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
        let index = valid.last.flatMap { letters.firstIndex(of: $0) } ?? 0
        return valid.dropLast() + String(letters[index ^ 1])
    }

    private static func segments(_ range: Range<Int>) -> String {
        valid.split(separator: ".")[range].joined(separator: ".")
    }

    private static func header(_ header: String, payload: String? = nil) -> String {
        TestToken.make(header: header, payload: payload ?? "{\(good)}")
    }

    private static func unsigned(_ header: String) -> String {
        "\(TestToken.encode(header)).\(TestToken.encode("{\(good)}"))."
    }

    private static func claims(_ claims: String) -> String {
        TestToken.make(payload: "{\(claims)}")
    }

    private static func broken(payload: [UInt8]) -> String {
        let signed = "\(TestToken.encode(TestToken.header)).\(TestToken.encode(payload))"
        return "\(signed).\(TestToken.sign(signed, secret: TestGateway.secret))"
    }

    private static func long(_ count: Int, _ text: String = "a") -> String {
        String(repeating: text, count: count)
    }
}
