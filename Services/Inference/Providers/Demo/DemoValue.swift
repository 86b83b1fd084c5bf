import JSON
import NIOCore

/// A JSON value that the demo model writes; the members of its objects keep their order.
indirect enum DemoValue: Equatable, Decodable {
    case null
    case flag(Bool)
    case integer(Int)
    case number(Double)
    case text(String)
    case list([DemoValue])
    case object([Member])

    struct Member: Equatable {
        var name: String
        var value: DemoValue
    }

    /// Reads a plain value, such as one of a schema's options; anything else is `null`.
    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        do {
            self = .flag(try container.decode(Bool.self))
            return
        } catch {}
        do {
            self = .integer(try container.decode(Int.self))
            return
        } catch {}
        do {
            self = .number(try container.decode(Double.self))
            return
        } catch {}
        do {
            self = .text(try container.decode(String.self))
        } catch {
            self = .null
        }
    }

    /// As JSON, compact.
    var json: String {
        var buffer = ByteBuffer()
        write(to: &buffer)
        return String(buffer: buffer)
    }

    private func write(to buffer: inout ByteBuffer) {
        switch self {
        case .null: buffer.writeStaticString("null")
        case .flag(let value): buffer.writeString(value ? "true" : "false")
        case .integer(let value): buffer.writeString(String(value))
        case .number(let value): buffer.writeString(value.isFinite ? "\(value)" : "null")
        case .text(let text): JSONText.write(text, to: &buffer)
        case .list(let values):
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
