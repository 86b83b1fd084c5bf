import Foundation

/// Creates valid and invalid tokens.
enum TestToken {
    static let header = #"{"alg":"HS256","typ":"JWT"}"#

    static func make(header: String = header, payload: String, secret: String = TestGateway.secret) -> String {
        let signed = "\(encode(header)).\(encode(payload))"
        return "\(signed).\(sign(signed, secret: secret))"
    }

    static func encode(_ text: String) -> String {
        encode(Array(text.utf8))
    }

    static func encode(_ bytes: [UInt8]) -> String {
        Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    static func sign(_ text: String, secret: String) -> String {
        encode(SHA256.authenticate(Array(text.utf8), key: Array(secret.utf8)))
    }
}

/// SHA-256 and HMAC by FIPS 180-4 and RFC 2104, for signing tokens that no library signs.
enum SHA256 {
    static func authenticate(_ message: [UInt8], key: [UInt8]) -> [UInt8] {
        var key = key.count > 64 ? hash(key) : key
        key += Array(repeating: 0, count: 64 - key.count)
        return hash(key.map { $0 ^ 0x5C } + hash(key.map { $0 ^ 0x36 } + message))
    }

    static func hash(_ message: [UInt8]) -> [UInt8] {
        var bytes = message + [0x80]
        bytes += Array(repeating: 0, count: (120 - bytes.count % 64) % 64)
        bytes += (0..<8).map { UInt8(truncatingIfNeeded: (UInt64(message.count) * 8) >> UInt64(56 - 8 * $0)) }
        var state = initial
        for start in stride(from: 0, to: bytes.count, by: 64) {
            compress(Array(bytes[start..<(start + 64)]), into: &state)
        }
        return state.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32(24 - 8 * $0)) } }
    }

    private static func compress(_ block: [UInt8], into state: inout [UInt32]) {
        var words = (0..<16).map { index in
            block[(index * 4)..<(index * 4 + 4)].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        }
        for index in 16..<64 {
            let (first, second) = (words[index - 15], words[index - 2])
            let small = turn(first, 7) ^ turn(first, 18) ^ first >> 3
            let large = turn(second, 17) ^ turn(second, 19) ^ second >> 10
            words.append(words[index - 16] &+ small &+ words[index - 7] &+ large)
        }
        var next = state
        for index in 0..<64 {
            let (a, b, c, e) = (next[0], next[1], next[2], next[4])
            let large = turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)
            let choice = e & next[5] ^ ~e & next[6]
            let one = next[7] &+ large &+ choice &+ constants[index] &+ words[index]
            let two = (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) &+ (a & b ^ a & c ^ b & c)
            next = [one &+ two, a, b, c, next[3] &+ one, e, next[5], next[6]]
        }
        for index in state.indices { state[index] = state[index] &+ next[index] }
    }

    private static func turn(_ word: UInt32, _ count: UInt32) -> UInt32 {
        word >> count | word << (32 - count)
    }

    private static let primes = (2...311).filter { number in !(2..<number).contains { number % $0 == 0 } }
    private static let initial = primes.prefix(8).map { fraction(Double($0).squareRoot()) }
    private static let constants = primes.prefix(64).map { fraction(cbrt(Double($0))) }

    /// The first 32 bits of a number's fraction.
    private static func fraction(_ number: Double) -> UInt32 {
        UInt32((number - number.rounded(.down)) * 4_294_967_296)
    }
}
