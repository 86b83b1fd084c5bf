/// What `GET /api/tags` answers, as far as we read it.
struct OllamaTags: Decodable {
    var models: [Entry]?

    struct Entry: Decodable {
        var name: String
        var digest: String?
        /// What it can do, where the server says so.
        var capabilities: [String]?

        /// Whether it can chat, as far as is known.
        var canChat: Bool { capabilities?.contains("completion") ?? true }
    }
}

/// What `POST /api/show` is asked.
struct OllamaShowRequest: Encodable {
    var model: String
}

/// What `POST /api/show` answers: only the model's true window is read.
struct OllamaShow: Decodable {
    /// The window that the model was made for; absent when the answer does not say.
    var window: Int?

    private enum Key: String, CodingKey {
        case modelInfo = "model_info"
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
        let info = try decoder.container(keyedBy: Key.self).nestedContainer(keyedBy: InfoKey.self, forKey: .modelInfo)
        let architecture = try info.decodeIfPresent(String.self, forKey: InfoKey(stringValue: "general.architecture"))
        let own = InfoKey(stringValue: "\(architecture ?? "").context_length")
        let key = info.contains(own) ? own : info.allKeys.first { $0.stringValue.hasSuffix(".context_length") }
        guard let key else { return }
        let length = try info.decode(Int.self, forKey: key)
        window = length > 0 ? length : nil
    }
}
