/// The body of `POST /api/show`.
struct OllamaShowRequest: Encodable {
    var model: String
}

/// The used part of the response to `POST /api/show`; values of the wrong type are ignored.
struct OllamaShow: Decodable {
    /// The model's maximum context window, in tokens.
    var window: Int?
    var capabilities: [String]?
    var details: Details?
    /// The parameters, one on each line: `stop "<|eot|>"`.
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

    /// A coding key with any name.
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
        do { window = try Self.window(in: container) } catch { window = nil }
        capabilities = container.valueOrNothing(.capabilities)
        details = container.valueOrNothing(.details)
        parameters = container.valueOrNothing(.parameters)
        template = container.valueOrNothing(.template)
        system = container.valueOrNothing(.system)
    }

    private static func window(in container: KeyedDecodingContainer<Key>) throws -> Int? {
        let info = try container.nestedContainer(keyedBy: InfoKey.self, forKey: .modelInfo)
        let architecture = try info.decodeIfPresent(String.self, forKey: InfoKey(stringValue: "general.architecture"))
        let own = InfoKey(stringValue: "\(architecture ?? "").context_length")
        let key = info.contains(own) ? own : info.allKeys.first { $0.stringValue.hasSuffix(".context_length") }
        return key.flatMap { info.positiveOrNothing($0) }
    }
}
