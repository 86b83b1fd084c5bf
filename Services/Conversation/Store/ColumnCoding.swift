import Bus
import Contracts
import NIOCore

/// Converts between values and database columns.
enum ColumnCoding {
    /// Decodes an id.
    ///
    /// Throws `internal` if the column contains something else.
    static func identifier<Subject>(_ text: String) throws -> Identifier<Subject> {
        guard let identifier = Identifier<Subject>(text) else {
            throw Fault(.internal, "The database contains an invalid id: \(text.prefix(40))")
        }
        return identifier
    }

    /// Decodes a value from a fixed list.
    static func enumValue<Value: RawRepresentable<String>>(_ text: String) throws -> Value {
        guard let value = Value(rawValue: text) else {
            throw Fault(.internal, "The database contains an unknown value: \(text.prefix(40))")
        }
        return value
    }

    static func encode(_ value: some Encodable) throws -> String {
        String(buffer: try BusCoding.encode(value))
    }

    static func decode<Value: Decodable>(_ type: Value.Type, _ text: String) throws -> Value {
        try BusCoding.decode(type, from: ByteBuffer(string: text))
    }
}
