import Contracts
import JSON
import NIOCore

/// Checks a JSON body before it is decoded: it must have one meaning for every parser, and a bounded cost.
///
/// Rejects deep nesting, duplicate keys, invalid UTF-8, a byte order mark, lone surrogates, NUL, and anything after the
/// value.
enum JSONPrescan {
    private static let rules = JSONValidation(depthLimit: 64)

    /// Throws `invalid` with the reason.
    static func check(_ buffer: ByteBuffer) throws {
        try buffer.withUnsafeReadableBytes { bytes in
            do throws(JSONValidation.Violation) {
                try rules.check(bytes)
            } catch {
                throw Fault(.invalid, message(for: error))
            }
        }
    }

    private static func message(for violation: JSONValidation.Violation) -> String {
        switch violation {
        case .empty: "The body is empty; it must be JSON."
        case .notUTF8: "The body is not UTF-8."
        case .tooDeep(let limit): "The body has more than \(limit) levels of nesting."
        case .duplicateKey(let key): "The key `\(key.prefix(60))` occurs twice in one object."
        case .invalidEscape: "A string in the body has an invalid escape sequence."
        case .syntax(let offset): "The body is not valid JSON: see byte \(offset)."
        }
    }
}
