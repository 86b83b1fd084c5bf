import Contracts
import JSON
import NIOCore

/// A JSON value; the members of its objects keep their order.
///
/// FastAPI returns invalid values to the client, so they must be known as a whole.
indirect enum JSONTree: Sendable, Equatable {
    case null
    case flag(Bool)
    /// A number as written.
    case number(String)
    case text(String)
    case array([JSONTree])
    case object([Member])

    /// A member of an object.
    struct Member: Sendable, Equatable {
        var name: String
        var value: JSONTree
    }

    /// The value of a member; `nil` if there is none, or if the value is no object.
    subscript(name: String) -> JSONTree? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name == name }?.value
    }

    /// The value as compact JSON.
    var json: RawJSON {
        var json = JSONWriter()
        write(to: &json)
        return RawJSON(String(buffer: json.buffer))
    }

    private func write(to json: inout JSONWriter) {
        switch self {
        case .null: json.text(nil)
        case .flag(let value): json.raw(value ? "true" : "false")
        case .number(let text): json.raw(text)
        case .text(let text): json.text(text)
        case .array(let items): json.array(items) { $1.write(to: &$0) }
        case .object(let members):
            json.object { json in
                for member in members { json.member(member.name) { member.value.write(to: &$0) } }
            }
        }
    }
}
