import Contracts
import JSON
import NIOCore

/// A JSON value that the demo model writes; the members of its objects keep their order.
indirect enum DemoValue: Equatable {
    case null
    case boolean(Bool)
    case integer(Int)
    case number(Double)
    case string(String)
    /// Valid JSON, written unchanged: a value from a schema's `enum` or `const`.
    case raw(RawJSON)
    case array([DemoValue])
    case object([Member])

    struct Member: Equatable {
        var name: String
        var value: DemoValue
    }

    /// The value as compact JSON.
    var json: String {
        var buffer = ByteBuffer()
        write(to: &buffer)
        return String(buffer: buffer)
    }

    private func write(to buffer: inout ByteBuffer) {
        switch self {
        case .null: buffer.writeStaticString("null")
        case .boolean(let value): buffer.writeString(value ? "true" : "false")
        case .integer(let value): buffer.writeString(String(value))
        case .number(let value): buffer.writeString(value.isFinite ? "\(value)" : "null")
        case .string(let text): JSONText.write(text, to: &buffer)
        case .raw(let json): buffer.writeString(json.text)
        case .array(let values):
            buffer.writeStaticString("[")
            for (index, value) in values.enumerated() {
                if index > 0 { buffer.writeStaticString(",") }
                value.write(to: &buffer)
            }
            buffer.writeStaticString("]")
        case .object(let members):
            buffer.writeStaticString("{")
            for (index, member) in members.enumerated() {
                if index > 0 { buffer.writeStaticString(",") }
                JSONText.write(member.name, to: &buffer)
                buffer.writeStaticString(":")
                member.value.write(to: &buffer)
            }
            buffer.writeStaticString("}")
        }
    }
}
