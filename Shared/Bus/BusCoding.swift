import Contracts
import Foundation
package import JSON
package import NIOCore
import NIOFoundationCompat

/// Encodes and decodes the values on the bus.
package enum BusCoding {
    /// Encodes a value as compact JSON.
    package static func encode(_ value: some Encodable) throws -> ByteBuffer {
        if let value = value as? any JSONWritable {
            return write(value)
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        return try encoder.encodeAsByteBuffer(value, allocator: ByteBufferAllocator())
    }

    /// Encodes a value with its own writer.
    package static func write(_ value: some JSONWritable) -> ByteBuffer {
        var json = JSONWriter()
        value.write(to: &json)
        return json.buffer
    }

    /// Decodes a value.
    ///
    /// Throws a ``Fault`` that names the missing or invalid key.
    package static func decode<Value: Decodable>(_ type: Value.Type, from bytes: ByteBuffer) throws -> Value {
        if let type = type as? any JSONReadable.Type, let value = read(type, from: bytes) as? Value { return value }
        do {
            return try JSONDecoder().decode(type, from: bytes)
        } catch let error as DecodingError {
            throw Fault(.invalid, "The body is invalid: \(explain(error))")
        }
    }

    private static func read(_ type: any JSONReadable.Type, from bytes: ByteBuffer) -> (any JSONReadable)? {
        bytes.withUnsafeReadableBytes { bytes in
            var json = JSONScanner(bytes)
            // The general decoder reports the error.
            do {
                let value = try type.init(from: &json)
                try json.end()
                return value
            } catch {
                return nil
            }
        }
    }

    /// Describes a decoding error as the end of a sentence.
    package static func explain(_ error: DecodingError) -> String {
        switch error {
        case .keyNotFound(let key, let context): "\(place(context.codingPath + [key])) is missing."
        case .typeMismatch(_, let context): "\(place(context.codingPath)) has the wrong type."
        case .valueNotFound(_, let context): "\(place(context.codingPath)) must not be null."
        case .dataCorrupted(let context) where context.codingPath.isEmpty: "it is not valid JSON."
        case .dataCorrupted(let context): "\(place(context.codingPath)) is not valid. \(context.debugDescription)"
        @unknown default: "it cannot be decoded."
        }
    }

    private static func place(_ path: [any CodingKey]) -> String {
        guard !path.isEmpty else { return "the body" }
        return "`" + path.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }.joined(separator: ".") + "`"
    }
}
