extension Inference {
    /// One message of what a model is shown, in the form of OpenAI's chat messages: what comes in that form can be passed
    /// on to most providers as it is.
    package struct Message: Codable, Sendable, Hashable {
        package var role: Role
        /// Absent for an assistant that only called tools.
        package var content: Content?
        /// Which tools an assistant called.
        package var toolCalls: [ToolCall]?
        /// Which call a tool's message answers.
        package var toolCallID: String?
        /// Who speaks, among several of one role; for a tool's message the tool.
        package var name: String?
        /// What the provider that made the message wants to see again, opaque.
        package var metadata: RawJSON?

        package init(
            role: Role,
            content: Content?,
            toolCalls: [ToolCall]? = nil,
            toolCallID: String? = nil,
            name: String? = nil,
            metadata: RawJSON? = nil
        ) {
            self.role = role
            self.content = content
            self.toolCalls = toolCalls
            self.toolCallID = toolCallID
            self.name = name
            self.metadata = metadata
        }

        package init(role: Role, content: String) {
            self.init(role: role, content: .text(content))
        }

        /// All of its text.
        package var text: String {
            switch content {
            case .text(let text): text
            case .parts(let parts): parts.compactMap(\.text).joined(separator: "\n")
            case nil: ""
            }
        }

        /// Its images, files of sound and whatever else is not text.
        package var attachments: [Part] {
            guard case .parts(let parts) = content else { return [] }
            return parts.filter { $0.type == .image || $0.type == .audio }
        }

        package init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            role = try container.decode(Role.self, forKey: .role)
            // Only an assistant may have said nothing: it called tools.
            content =
                role == .assistant
                ? try container.decodeIfPresent(Content.self, forKey: .content)
                : try container.decode(Content.self, forKey: .content)
            toolCalls = try container.decodeIfPresent([ToolCall].self, forKey: .toolCalls)
            toolCallID = try container.decodeIfPresent(String.self, forKey: .toolCallID)
            name = try container.decodeIfPresent(String.self, forKey: .name)
            metadata = try container.decodeIfPresent(RawJSON.self, forKey: .metadata)
        }

        private enum CodingKeys: String, CodingKey {
            case role
            case content
            case toolCalls = "tool_calls"
            case toolCallID = "tool_call_id"
            case name
            case metadata = "extra_content"
        }

        package enum Role: String, Codable, Sendable {
            case system
            /// The newer name of `system`.
            case developer
            case user
            case assistant
            case tool

            /// Whether it says how to go about things rather than taking part.
            package var isInstruction: Bool { self == .system || self == .developer }
        }
    }

    /// What a message holds.
    package enum Content: Codable, Sendable, Hashable {
        case text(String)
        case parts([Part])

        package init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            do {
                self = .text(try container.decode(String.self))
            } catch DecodingError.typeMismatch {
                self = .parts(try container.decode([Part].self))
            }
        }

        package func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch self {
            case .text(let text): try container.encode(text)
            case .parts(let parts): try container.encode(parts)
            }
        }
    }

    /// One part of a message: text, an image or sound.
    package struct Part: Codable, Sendable, Hashable {
        package var type: Kind
        package var text: String?
        package var image: Image?
        package var audio: Audio?
        package var refusal: String?
        /// What the provider that made the part wants to see again, opaque.
        package var metadata: RawJSON?

        package init(text: String, metadata: RawJSON? = nil) {
            type = .text
            self.text = text
            self.metadata = metadata
        }

        package init(image: Image) {
            type = .image
            self.image = image
        }

        package init(audio: Audio) {
            type = .audio
            self.audio = audio
        }

        private enum CodingKeys: String, CodingKey {
            case type
            case text
            case image = "image_url"
            case audio = "input_audio"
            case refusal
            case metadata = "extra_content"
        }

        package enum Kind: String, Codable, Sendable {
            case text
            case image = "image_url"
            case audio = "input_audio"
            case refusal
        }
    }

    /// An image within a message.
    package struct Image: Codable, Sendable, Hashable {
        /// `data:image/png;base64,…`, or an address that only a provider of the cloud may be given.
        package var url: String
        /// `low`, `high` or `auto`.
        package var detail: String?

        package init(url: String, detail: String? = nil) {
            self.url = url
            self.detail = detail
        }
    }

    /// Sound within a message.
    package struct Audio: Codable, Sendable, Hashable {
        /// The file as base64.
        package var data: String
        /// `wav`, `mp3` or another name of a format.
        package var format: String

        package init(data: String, format: String) {
            self.data = data
            self.format = format
        }
    }

    /// A model's wish that a tool be used.
    package struct ToolCall: Codable, Sendable, Hashable {
        package var id: String
        package var function: Function
        /// What the provider that made the call wants to see again, opaque: Gemini's signature of its thoughts.
        package var metadata: RawJSON?

        package init(id: String, name: String, arguments: String, metadata: RawJSON? = nil) {
            self.id = id
            function = Function(name: name, arguments: arguments)
            self.metadata = metadata
        }

        /// Which tool, and with what.
        package struct Function: Codable, Sendable, Hashable {
            package var name: String
            /// What the model wrote, meant to be a JSON object; it need not be one.
            package var arguments: String

            package init(name: String, arguments: String) {
                self.name = name
                self.arguments = arguments
            }
        }

        private enum CodingKeys: String, CodingKey {
            case id
            case type
            case function
            case metadata = "extra_content"
        }

        package init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            id = try container.decode(String.self, forKey: .id)
            function = try container.decode(Function.self, forKey: .function)
            metadata = try container.decodeIfPresent(RawJSON.self, forKey: .metadata)
        }

        package func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(id, forKey: .id)
            try container.encode("function", forKey: .type)
            try container.encode(function, forKey: .function)
            try container.encodeIfPresent(metadata, forKey: .metadata)
        }
    }
}
