import Crypto

/// Names the transcript file of a user: `{username}_memory.txt`.
///
/// Pure. Bytes that are not letters, digits or one of `-_.@+` are percent-encoded, and so is a dot at the beginning. A name
/// that would be too long is cut and ends with `~` and the SHA-256 of the whole user name. Two users never have the same
/// file: a tilde occurs in no other name, and an encoded name can be decoded.
enum TranscriptFileName {
    private static let suffix = "_memory.txt"
    /// Maximum length of the part before the suffix, in bytes: file systems allow 255 in all.
    private static let lengthLimit = 244
    private static let plainBytes = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.@+".utf8)
    private static let digits = Array("0123456789ABCDEF".utf8)

    static func name(of user: String) -> String {
        var encoded: [UInt8] = []
        // How much of the name is kept before a hash; never a part of an escape.
        var kept = 0
        let hashLength = 1 + 2 * SHA256.byteCount
        for (index, byte) in user.utf8.enumerated() {
            if plainBytes.contains(byte), index > 0 || byte != UInt8(ascii: ".") {
                encoded.append(byte)
            } else {
                encoded += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 0xF)]]
            }
            if encoded.count <= lengthLimit - hashLength { kept = encoded.count }
        }
        guard encoded.count > lengthLimit else { return String(decoding: encoded, as: UTF8.self) + suffix }
        let hash = SHA256.hash(data: Array(user.utf8)).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 0xF)]] }
        return String(decoding: encoded[..<kept] + [UInt8(ascii: "~")] + hash, as: UTF8.self) + suffix
    }

    /// What a file in the folder of transcripts is.
    enum Owner: Equatable {
        case user(String)
        /// A user with a name that was cut.
        case longName
    }

    /// Returns whose file has a name; `nil` if it is no name of a transcript file.
    static func owner(of name: String) -> Owner? {
        guard name.hasSuffix(suffix) else { return nil }
        let encoded = name.dropLast(suffix.count)
        guard !encoded.contains("~") else { return .longName }
        var decoded: [UInt8] = []
        var rest = encoded.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                decoded.append(byte)
                continue
            }
            guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else {
                return nil
            }
            rest = rest.dropFirst(2)
            decoded.append(value)
        }
        guard let user = String(validating: decoded, as: UTF8.self), Self.name(of: user) == name else { return nil }
        return .user(user)
    }
}
