package import Contracts
package import JSON

extension JSONWriter {
    /// Writes a member with an encoded value.
    package mutating func field(_ name: StaticString, _ value: RawJSON) {
        raw(name, value.text)
    }
}

extension JSONScanner {
    /// Reads a value without interpreting it, to pass it on.
    ///
    /// Throws ``Malformed`` if the value is not strictly valid JSON, is nested deeper than ``RawJSON/depthLimit``, or
    /// has more than `limit` bytes. Unlike ``raw()``, it is suitable for values from clients and providers.
    package mutating func rawJSON(limit: Int = .max) throws -> RawJSON {
        let bytes = UnsafeRawBufferPointer(rebasing: try raw())
        guard bytes.count <= limit else { throw Malformed() }
        let rules = JSONValidation(depthLimit: RawJSON.depthLimit, allowsDuplicateKeys: true, allowsNUL: true)
        do {
            try rules.check(bytes)
        } catch {
            throw Malformed()
        }
        return RawJSON(String(decoding: bytes, as: UTF8.self))
    }
}
