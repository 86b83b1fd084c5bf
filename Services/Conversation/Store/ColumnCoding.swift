import Bus
import Contracts
import NIOCore

/// How values stand in columns.
enum ColumnCoding {
    /// Reads an id.
    ///
    /// Throws when the column holds something else: the file was changed by another program.
    static func identifier<Subject>(_ text: String) throws -> Identifier<Subject> {
        guard let identifier = Identifier<Subject>(text) else {
            throw Fault(.internal, "The store holds \(text.prefix(40)) where an id belongs.")
        }
        return identifier
    }

    /// Reads one of a fixed set of words.
    static func enumValue<Value: RawRepresentable<String>>(_ text: String) throws -> Value {
        guard let value = Value(rawValue: text) else {
            throw Fault(.internal, "The store holds the unknown word \(text.prefix(40)).")
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
