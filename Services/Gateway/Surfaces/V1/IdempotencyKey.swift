import Contracts
import NIOHTTP1

/// The idempotency key of a request: the header `Idempotency-Key`, or `client_message_id` in the body of a turn.
enum IdempotencyKey {
    private static let lengths = 1...255

    /// Throws `invalid` for a malformed key, and for two different ones.
    static func read(_ request: Request, body: LenientString? = nil) throws -> String? {
        let headers = request.headers["idempotency-key"]
        guard headers.count <= 1 else { throw Fault(.invalid, "The header Idempotency-Key must not be repeated.") }
        let header = try headers.first.map { try check(unquoted($0), name: "The header Idempotency-Key") }
        let field = try body.map { try check($0.text, name: "`client_message_id`") }
        if let header, let field, header != field {
            throw Fault(.invalid, "The header Idempotency-Key and `client_message_id` differ. Send one of them.")
        }
        return header ?? field
    }

    /// Removes the quotes that the header's draft standard requires and most clients omit.
    private static func unquoted(_ text: String) -> String {
        guard text.count >= 2, text.hasPrefix("\""), text.hasSuffix("\"") else { return text }
        return String(text.dropFirst().dropLast())
    }

    private static func check(_ key: String, name: String) throws -> String {
        guard lengths.contains(key.utf8.count), key.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            throw Fault(.invalid, "\(name) must be 1 to 255 bytes long, without control characters.")
        }
        return key
    }
}
