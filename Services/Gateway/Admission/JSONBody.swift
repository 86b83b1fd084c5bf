import Contracts
import JSON
import NIOCore

/// Validates a JSON text from outside before it is decoded.
///
/// It must have one meaning for every parser, at a bounded cost: at most 64 levels, no duplicate keys, valid UTF-8, no
/// lone surrogates and no NUL.
enum JSONBody {
    private static let rules = JSONValidation(depthLimit: 64)

    /// Throws `invalid` with the reason.
    static func validate(_ buffer: ByteBuffer) throws {
        try buffer.withUnsafeReadableBytes { bytes in
            do throws(JSONValidation.Violation) {
                try rules.check(bytes)
            } catch {
                throw Fault(.invalid, sentence(error))
            }
        }
    }

    private static func sentence(_ violation: JSONValidation.Violation) -> String {
        switch violation {
        case .empty: "The body is empty; it must be JSON."
        case .notUTF8: "The body is not UTF-8."
        case .tooDeep(let limit): "The body is nested deeper than \(limit) levels."
        case .duplicateKey(let key): "The key `\(key.prefix(60))` is twice in one object."
        case .invalidEscape: "A string in the body has an invalid escape sequence."
        case .syntax(let offset): "The body is not valid JSON: see byte \(offset)."
        }
    }
}
