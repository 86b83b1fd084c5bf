import Contracts

/// A model that `PROVIDERS_FILE` lists for a server: its identifier alone, or an object with its properties.
struct ListedModel: Decodable, Sendable, Equatable {
    var id: String
    /// The context window, in tokens.
    var window: Int?
    var abilities: [Model.Ability]?

    enum CodingKeys: String, CodingKey, CaseIterable {
        case id
        case window
        case abilities
    }

    init(id: String, window: Int? = nil, abilities: [Model.Ability]? = nil) {
        self.id = id
        self.window = window
        self.abilities = abilities
    }

    init(from decoder: any Decoder) throws {
        if let id = try Self.bareID(decoder) {
            self.init(id: id)
            return
        }
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            id: try container.decode(String.self, forKey: .id),
            window: try container.decodeIfPresent(Int.self, forKey: .window),
            abilities: try container.decodeIfPresent([Model.Ability].self, forKey: .abilities)
        )
    }

    /// Whether this is the model with a name, which may have the tag `:latest` that the identifier leaves out.
    func covers(_ name: String) -> Bool { name == id || name == ModelName.tagged(id) }

    private static func bareID(_ decoder: any Decoder) throws -> String? {
        let container = try decoder.singleValueContainer()
        do { return try container.decode(String.self) } catch DecodingError.typeMismatch { return nil }
    }
}
