/// What `POST /api/show` is asked.
struct OllamaShowRequest: Encodable {
    var model: String
}

/// What `POST /api/show` answers, as far as we read it; what is of another kind than expected counts as not said.
struct OllamaShow: Decodable {
    /// The window that the model was made for.
    var window: Int?
    var capabilities: [String]?
    var details: Details?
    /// Its parameters as lines: `stop "<|eot|>"`.
    var parameters: String?
    var template: String?
    var system: String?

    struct Details: Decodable {
        var format: String?
        var family: String?
        var parameter_size: String?
        var quantization_level: String?
    }

    private enum Key: String, CodingKey {
        case modelInfo = "model_info"
        case capabilities
        case details
        case parameters
        case template
        case system
    }

    /// A key of any name.
    private struct InfoKey: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) {
            self.stringValue = stringValue
        }

        init?(intValue: Int) {
            nil
        }
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        window = Self.orNothing { try Self.window(in: container) }
        capabilities = Self.orNothing { try container.decodeIfPresent([String].self, forKey: .capabilities) }
        details = Self.orNothing { try container.decodeIfPresent(Details.self, forKey: .details) }
        parameters = Self.orNothing { try container.decodeIfPresent(String.self, forKey: .parameters) }
        template = Self.orNothing { try container.decodeIfPresent(String.self, forKey: .template) }
        system = Self.orNothing { try container.decodeIfPresent(String.self, forKey: .system) }
    }

    private static func orNothing<Value>(_ read: () throws -> Value?) -> Value? {
        do { return try read() } catch { return nil }
    }

    private static func window(in container: KeyedDecodingContainer<Key>) throws -> Int? {
        let info = try container.nestedContainer(keyedBy: InfoKey.self, forKey: .modelInfo)
        let architecture = try info.decodeIfPresent(String.self, forKey: InfoKey(stringValue: "general.architecture"))
        let own = InfoKey(stringValue: "\(architecture ?? "").context_length")
        let key = info.contains(own) ? own : info.allKeys.first { $0.stringValue.hasSuffix(".context_length") }
        let length = try key.map { try info.decode(Int.self, forKey: $0) } ?? 0
        return length > 0 ? length : nil
    }
}
