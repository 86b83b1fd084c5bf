import Foundation

/// A JSON value that is passed on without interpretation: a schema, a tool description, a provider's metadata.
///
/// Encoded as the value itself, not as a string. Nesting deeper than ``depthLimit`` is invalid.
package struct RawJSON: Codable, Sendable, Hashable {
    /// Maximum depth of nested arrays and objects.
    package static let depthLimit = 64

    /// The JSON text; keeps white space and the order of members where possible.
    package let text: String

    /// - Parameter text: valid JSON; not checked here.
    package init(_ text: String) {
        self.text = text
    }

    package init(from decoder: any Decoder) throws {
        let data = try JSONEncoder().encode(JSONNode(from: decoder))
        text = String(decoding: data, as: UTF8.self).replacing("\\/", with: "/")
    }

    package func encode(to encoder: any Encoder) throws {
        try JSONDecoder().decode(JSONNode.self, from: Data(text.utf8)).encode(to: encoder)
    }
}

/// A value of a JSON tree; decoded in time linear in its size.
private indirect enum JSONNode: Codable {
    case null
    case flag(Bool)
    case integer(Int64)
    case number(Double)
    case text(String)
    case array([JSONNode])
    case object([String: JSONNode])

    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) {
            self.stringValue = stringValue
        }

        init?(intValue: Int) {
            nil
        }
    }

    init(from decoder: any Decoder) throws {
        guard decoder.codingPath.count <= RawJSON.depthLimit + 8 else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "The value is nested too deeply.")
            )
        }
        // Asking for a container determines the kind without decoding the contents.
        if let members = Self.members(decoder) {
            var object: [String: JSONNode] = [:]
            for key in members.allKeys { object[key.stringValue] = try members.decode(JSONNode.self, forKey: key) }
            self = .object(object)
        } else if var elements = Self.elements(decoder) {
            var array: [JSONNode] = []
            while !elements.isAtEnd { array.append(try elements.decode(JSONNode.self)) }
            self = .array(array)
        } else {
            self = try Self.plain(decoder.singleValueContainer())
        }
    }

    private static func members(_ decoder: any Decoder) -> KeyedDecodingContainer<Key>? {
        do { return try decoder.container(keyedBy: Key.self) } catch { return nil }
    }

    private static func elements(_ decoder: any Decoder) -> (any UnkeyedDecodingContainer)? {
        do { return try decoder.unkeyedContainer() } catch { return nil }
    }

    private static func plain(_ container: any SingleValueDecodingContainer) throws -> JSONNode {
        if container.decodeNil() { return .null }
        do { return .flag(try container.decode(Bool.self)) } catch {}
        do { return .integer(try container.decode(Int64.self)) } catch {}
        do { return .number(try container.decode(Double.self)) } catch {}
        return .text(try container.decode(String.self))
    }

    func encode(to encoder: any Encoder) throws {
        switch self {
        case .object(let object):
            var container = encoder.container(keyedBy: Key.self)
            for (name, value) in object { try container.encode(value, forKey: Key(stringValue: name)) }
        case .array(let array):
            var container = encoder.unkeyedContainer()
            for value in array { try container.encode(value) }
        default:
            var container = encoder.singleValueContainer()
            try encodePlain(to: &container)
        }
    }

    private func encodePlain(to container: inout any SingleValueEncodingContainer) throws {
        switch self {
        case .flag(let value): try container.encode(value)
        case .integer(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .text(let value): try container.encode(value)
        default: try container.encodeNil()
        }
    }
}
