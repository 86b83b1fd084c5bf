import Contracts
import Foundation
import NIOCore

/// Validates the form of a token before it is verified: size, segments, algorithm, and unambiguous JSON.
///
/// A pure function. jwt-kit does not compare `alg` with the key's algorithm and ignores `crit` and unknown members.
enum TokenFormat {
    /// Maximum length of a token, in bytes.
    static let limit = 8192

    private struct Header: Decodable {
        var alg: String
        var typ: String?
    }

    /// Throws `unauthorized` unless the token is three segments with a header of exactly `alg` HS256 and `typ` JWT.
    static func check(_ token: String) throws {
        guard token.utf8.count <= limit else { throw invalid }
        let segments = token.split(separator: ".", omittingEmptySubsequences: false)
        guard segments.count == 3, let header = decode(segments[0]), let payload = decode(segments[1]),
            let signature = decode(segments[2]), signature.count == 32
        else { throw invalid }
        try checkHeader(header)
        try checkJSON(payload)
    }

    private static let invalid = Fault(.unauthorized, "Invalid token")

    private static func checkHeader(_ data: Data) throws {
        try checkJSON(data)
        do {
            let names = try JSONDecoder().decode([String: String].self, from: data).keys
            let header = try JSONDecoder().decode(Header.self, from: data)
            let isPlain = header.typ == nil || header.typ?.uppercased() == "JWT"
            guard header.alg == "HS256", isPlain, Set(names).isSubset(of: ["alg", "typ"]) else { throw invalid }
        } catch is DecodingError {
            throw invalid
        }
    }

    private static func checkJSON(_ data: Data) throws {
        guard data.first == UInt8(ascii: "{") else { throw invalid }
        do {
            try JSONBody.validate(ByteBuffer(bytes: data))
        } catch is Fault {
            throw invalid
        }
    }

    /// Decodes canonical base64url without padding.
    private static func decode(_ segment: Substring) -> Data? {
        guard !segment.isEmpty, segment.utf8.allSatisfy(isLetter) else { return nil }
        let plain = segment.replacing("-", with: "+").replacing("_", with: "/")
        let padded = plain + String(repeating: "=", count: (4 - plain.utf8.count % 4) % 4)
        guard let data = Data(base64Encoded: String(padded)) else { return nil }
        let again = data.base64EncodedString().replacing("=", with: "")
        return again == plain ? data : nil
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
