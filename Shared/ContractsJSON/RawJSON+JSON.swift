package import Contracts
import Foundation
package import JSON

extension JSONWriter {
    /// A value that is JSON already, under a name.
    package mutating func field(_ name: StaticString, _ value: RawJSON) {
        raw(name, value.text)
    }
}

extension JSONScanner {
    /// Takes a value as it stands, to be passed on.
    ///
    /// Throws ``Malformed`` unless it is JSON in every detail and nested no deeper than ``RawJSON/depthLimit``: whoever
    /// gets it next may be stricter than this scanner. Costs more than ``raw()``, for values from outside.
    package mutating func rawJSON(limit: Int = .max) throws -> RawJSON {
        let bytes = UnsafeRawBufferPointer(rebasing: try raw())
        guard bytes.count <= limit, let text = String(validating: bytes, as: UTF8.self),
            Self.depth(of: bytes) <= RawJSON.depthLimit
        else {
            throw Malformed()
        }
        do {
            _ = try JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
        } catch {
            throw Malformed()
        }
        return RawJSON(text)
    }

    /// How deep brackets are nested, those within strings aside.
    private static func depth(of bytes: UnsafeRawBufferPointer) -> Int {
        var (depth, deepest) = (0, 0)
        var (isQuoted, isEscaped) = (false, false)
        for byte in bytes {
            if isEscaped {
                isEscaped = false
            } else if isQuoted {
                isEscaped = byte == UInt8(ascii: "\\")
                isQuoted = byte != UInt8(ascii: "\"")
            } else {
                switch byte {
                case UInt8(ascii: "\""): isQuoted = true
                case UInt8(ascii: "{"), UInt8(ascii: "["):
                    depth += 1
                    deepest = max(deepest, depth)
                case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
                default: break
                }
            }
        }
        return deepest
    }
}
