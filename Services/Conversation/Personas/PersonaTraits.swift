import Contracts
import ContractsJSON
import JSON

/// The traits of a persona, in the order in which they were written.
///
/// Pure functions.
struct PersonaTraits: Sendable, Equatable {
    /// Maximum number of traits, and of texts in a list.
    static let countLimit = 50
    /// Maximum size of the JSON, in bytes.
    static let byteLimit = 16 * 1024

    /// A trait and its values: one, or those of a list.
    struct Trait: Sendable, Equatable {
        var name: String
        var values: [String]
    }

    let traits: [Trait]

    /// Reads an object whose values are texts, numbers, booleans or lists of texts; returns `nil` for anything else.
    init?(_ json: RawJSON) {
        var text = json.text
        guard text.utf8.count <= Self.byteLimit else { return nil }
        do {
            traits = try text.withUTF8 { bytes in
                var scanner = JSONScanner(UnsafeRawBufferPointer(bytes))
                return try Self.read(&scanner)
            }
        } catch {
            return nil
        }
    }

    /// Returns JSON without white space between its tokens.
    static func compact(_ json: RawJSON) -> RawJSON {
        var (bytes, isString, isEscaped): ([UInt8], Bool, Bool) = ([], false, false)
        for byte in json.text.utf8 {
            if isString {
                isString = isEscaped || byte != UInt8(ascii: "\"")
                isEscaped = !isEscaped && byte == UInt8(ascii: "\\")
            } else if byte == UInt8(ascii: "\"") {
                isString = true
            } else if [0x20, 0x09, 0x0A, 0x0D].contains(byte) {
                continue
            }
            bytes.append(byte)
        }
        return RawJSON(String(decoding: bytes, as: UTF8.self))
    }

    private static func read(_ json: inout JSONScanner) throws -> [Trait] {
        var traits: [Trait] = []
        try json.object { name, json in
            guard let name = name.text, traits.count < countLimit else { throw JSONScanner.Malformed() }
            traits.append(Trait(name: name, values: try values(&json)))
        }
        try json.end()
        return traits
    }

    private static func values(_ json: inout JSONScanner) throws -> [String] {
        switch json.kind {
        case .text: return [try json.string()]
        case .flag: return [try json.bool() ? "yes" : "no"]
        case .number:
            guard let number = try json.stringOrScalar(), Double(number)?.isFinite == true else {
                throw JSONScanner.Malformed()
            }
            return [number]
        case .array:
            let texts = try json.strings()
            guard texts.count <= countLimit else { throw JSONScanner.Malformed() }
            return texts
        case .object, .null: throw JSONScanner.Malformed()
        }
    }

    /// The traits as a sentence; `nil` if there are none.
    var sentence: String? {
        let parts = traits.compactMap { trait in
            let values = trait.values.filter { !$0.isEmpty }
            let name = trait.name.replacing("_", with: " ")
            return values.isEmpty || name.isEmpty ? nil : "\(name): \(values.joined(separator: ", "))"
        }
        return parts.isEmpty ? nil : "Your manner: \(parts.joined(separator: "; "))."
    }
}
