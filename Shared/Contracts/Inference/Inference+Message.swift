extension Inference {
    /// A message to a model, in the format of OpenAI's chat messages, which most providers accept unchanged.
    package struct Message: Codable, Sendable, Hashable {
        package var role: Role
        /// `nil` for an assistant message with tool calls only.
        package var content: Content?
        /// Tool calls of an assistant message.
        package var toolCalls: [ToolCall]?
        /// The tool call whose result this message is.
        package var toolCallID: String?
        /// Name of the participant, or of the tool.
        package var name: String?
        /// Opaque data that the provider of this message expects in later requests.
        package var metadata: RawJSON?
        /// The reasoning of an assistant message, if its provider expects it in later requests.
        package var reasoning: String?
        /// The parts of an assistant message in order, if their order or their metadata matter to its provider.
        package var parts: [AnswerPart]?
        /// `provider/model` of an assistant message; only this provider receives the metadata.
        package var model: String?

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

        /// The text of all parts.
        package var text: String {
            switch content {
            case .text(let text): text
            case .parts(let parts): parts.compactMap(\.text).joined(separator: "\n")
            case nil: ""
            }
        }

        /// The image and audio parts.
        package var attachments: [Part] {
            guard case .parts(let parts) = content else { return [] }
            return parts.filter { $0.type == .image || $0.type == .audio }
        }

        package init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            role = try container.decode(Role.self, forKey: .role)
            // Only an assistant message may have no content: it has tool calls.
            content =
                role == .assistant
                ? try container.decodeIfPresent(Content.self, forKey: .content)
                : try container.decode(Content.self, forKey: .content)
            toolCalls = try container.decodeIfPresent([ToolCall].self, forKey: .toolCalls)
            toolCallID = try container.decodeIfPresent(String.self, forKey: .toolCallID)
            name = try container.decodeIfPresent(String.self, forKey: .name)
            metadata = try container.decodeIfPresent(RawJSON.self, forKey: .metadata)
            reasoning = try container.decodeIfPresent(String.self, forKey: .reasoning)
            parts = try container.decodeIfPresent([AnswerPart].self, forKey: .parts)
            model = try container.decodeIfPresent(String.self, forKey: .model)
        }

        private enum CodingKeys: String, CodingKey {
            case role
            case content
            case toolCalls = "tool_calls"
            case toolCallID = "tool_call_id"
            case name
            case metadata = "extra_content"
            case reasoning = "reasoning_content"
            // Clients send messages too, and other APIs use shorter names for other things.
            case parts = "answer_parts"
            case model = "answer_model"
        }

        package enum Role: String, Codable, Sendable {
            case system
            /// The newer name of `system`.
            case developer
            case user
            case assistant
            case tool

            /// Whether messages of this role are instructions.
            package var isInstruction: Bool { self == .system || self == .developer }
        }
    }

    /// The content of a message.
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

    /// A part of a message: text, an image or audio.
    package struct Part: Codable, Sendable, Hashable {
        package var type: Kind
        package var text: String?
        package var image: Image?
        package var audio: Audio?
        package var refusal: String?
        /// Opaque data that the provider of this part expects in later requests.
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
        /// `data:image/png;base64,…`, or a URL, which is sent to cloud providers only.
        package var url: String
        /// `low`, `high` or `auto`.
        package var detail: String?

        package init(url: String, detail: String? = nil) {
            self.url = url
            self.detail = detail
        }
    }

    /// Audio within a message.
    package struct Audio: Codable, Sendable, Hashable {
        /// The file as base64.
        package var data: String
        /// Format, such as `wav` or `mp3`.
        package var format: String

        package init(data: String, format: String) {
            self.data = data
            self.format = format
        }
    }

    /// A call of a tool by a model.
    package struct ToolCall: Codable, Sendable, Hashable {
        package var id: String
        package var function: Function
        /// Opaque data that the provider expects in later requests, such as Gemini's thought signature.
        package var metadata: RawJSON?

        package init(id: String, name: String, arguments: String, metadata: RawJSON? = nil) {
            self.id = id
            function = Function(name: name, arguments: arguments)
            self.metadata = metadata
        }

        /// The tool and its arguments.
        package struct Function: Codable, Sendable, Hashable {
            package var name: String
            /// The text that the model generated: usually, but not always, a JSON object.
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
