/// The claim `aud`: one name or several.
///
/// Replaces jwt-kit's type, which traps on an empty list.
struct TokenAudience: Codable, Sendable {
    let names: [String]

    init(_ name: String) {
        names = [name]
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        do {
            names = [try container.decode(String.self)]
        } catch DecodingError.typeMismatch {
            names = try container.decode([String].self)
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if let name = names.first, names.count == 1 {
            try container.encode(name)
        } else {
            try container.encode(names)
        }
    }
}
