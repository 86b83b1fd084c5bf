import Bus
import Contracts
import NIOCore

/// Converts between values and database columns.
enum ColumnCoding {
    /// Decodes an id.
    static func identifier<Subject>(_ text: String) throws(StoreError) -> Identifier<Subject> {
        guard let identifier = Identifier<Subject>(text) else {
            throw .unreadable("an id is invalid: \(text.prefix(40))")
        }
        return identifier
    }

    /// Decodes a value from a fixed list.
    static func enumValue<Value: RawRepresentable<String>>(_ text: String) throws(StoreError) -> Value {
        guard let value = Value(rawValue: text) else {
            throw .unreadable("a value is unknown: \(text.prefix(40))")
        }
        return value
    }

    static func encode(_ value: some Encodable) throws(StoreError) -> String {
        do {
            return String(buffer: try BusCoding.encode(value))
        } catch {
            throw StoreError(error)
        }
    }

    static func decode<Value: Decodable>(_ type: Value.Type, _ text: String) throws(StoreError) -> Value {
        do {
            return try BusCoding.decode(type, from: ByteBuffer(string: text))
        } catch {
            throw .unreadable("a column does not contain a \(type)")
        }
    }
}
