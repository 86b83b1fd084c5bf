import Contracts
import Foundation
package import JSON
package import NIOCore
import NIOFoundationCompat

/// How values become bytes on the bus, and bytes values.
package enum BusCoding {
    /// Writes a value as compact JSON.
    package static func encode(_ value: some Encodable) throws -> ByteBuffer {
        if let value = value as? any JSONWritable {
            return write(value)
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        return try encoder.encodeAsByteBuffer(value, allocator: ByteBufferAllocator())
    }

    /// Writes a value that writes itself.
    package static func write(_ value: some JSONWritable) -> ByteBuffer {
        var json = JSONWriter()
        value.write(to: &json)
        return json.buffer
    }

    /// Reads a value.
    ///
    /// Throws a ``Fault`` that names the key that is wrong.
    package static func decode<Value: Decodable>(_ type: Value.Type, from bytes: ByteBuffer) throws -> Value {
        if let type = type as? any JSONReadable.Type, let value = read(type, from: bytes) as? Value { return value }
        do {
            return try JSONDecoder().decode(type, from: bytes)
        } catch let error as DecodingError {
            throw Fault(.invalid, "The body is not what this endpoint takes: \(explain(error))")
        }
    }

    private static func read(_ type: any JSONReadable.Type, from bytes: ByteBuffer) -> (any JSONReadable)? {
        bytes.withUnsafeReadableBytes { bytes in
            var json = JSONScanner(bytes)
            // What is not of the expected form is read again by a decoder that can say why.
            do {
                let value = try type.init(from: &json)
                try json.end()
                return value
            } catch {
                return nil
            }
        }
    }

    /// Says in a sentence what is wrong with a JSON text.
    package static func explain(_ error: DecodingError) -> String {
        switch error {
        case .keyNotFound(let key, let context): "\(place(context.codingPath + [key])) is missing."
        case .typeMismatch(_, let context): "\(place(context.codingPath)) has the wrong type."
        case .valueNotFound(_, let context): "\(place(context.codingPath)) must not be null."
        case .dataCorrupted(let context) where context.codingPath.isEmpty: "it is not valid JSON."
        case .dataCorrupted(let context): "\(place(context.codingPath)) is not valid. \(context.debugDescription)"
        @unknown default: "it cannot be read."
        }
    }

    private static func place(_ path: [any CodingKey]) -> String {
        guard !path.isEmpty else { return "the body" }
        return "`" + path.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }.joined(separator: ".") + "`"
    }
}
