package import Contracts
package import JSON

extension Inference.Message: JSONWritable, JSONReadable {
    package func write(to json: inout JSONWriter) {
        json.object { json in
            json.field("role", role.rawValue)
            switch content {
            case .text(let text): json.field("content", text)
            case .parts(let parts): json.array("content", parts) { $1.write(to: &$0) }
            case nil: break
            }
            if let name { json.field("name", name) }
            if let toolCalls { json.array("tool_calls", toolCalls) { $1.write(to: &$0) } }
            if let toolCallID { json.field("tool_call_id", toolCallID) }
            if let metadata { json.field("extra_content", metadata) }
            if let reasoning { json.field("reasoning_content", reasoning) }
            if let parts { json.array("answer_parts", parts) { $1.write(to: &$0) } }
            if let model { json.field("answer_model", model) }
        }
    }

    package init(from json: inout JSONScanner) throws {
        var role: Role?
        self.init(role: .user, content: nil)
        try json.object { name, json in
            switch name {
            case "role": role = try json.word()
            case "content":
                if json.isArray() {
                    content = .parts(try json.list())
                } else if let text = try json.stringOrNull() {
                    content = .text(text)
                }
            case "name": self.name = try json.stringOrNull()
            case "tool_calls": toolCalls = try json.listOrNull()
            case "tool_call_id": toolCallID = try json.stringOrNull()
            case "extra_content": metadata = try json.metadata()
            case "reasoning_content": reasoning = try json.optionalString()
            case "answer_parts": parts = try json.listOrNull()
            case "answer_model": model = try json.stringOrNull()
            // Clients send responses back and add members of their own, which are ignored.
            default: try json.skip()
            }
        }
        guard let role, content != nil || role == .assistant else { throw JSONScanner.Malformed() }
        self.role = role
    }
}

extension Inference.Part: JSONWritable, JSONReadable {
    package func write(to json: inout JSONWriter) {
        json.object { json in
            json.field("type", type.rawValue)
            if let text { json.field("text", text) }
            if let image {
                json.object("image_url") { json in
                    json.field("url", image.url)
                    if let detail = image.detail { json.field("detail", detail) }
                }
            }
            if let audio {
                json.object("input_audio") { json in
                    json.field("data", audio.data)
                    json.field("format", audio.format)
                }
            }
            if let refusal { json.field("refusal", refusal) }
            if let metadata { json.field("extra_content", metadata) }
        }
    }

    package init(from json: inout JSONScanner) throws {
        var type: Kind?
        self.init(text: "")
        text = nil
        try json.object { name, json in
            switch name {
            case "type": type = try json.word()
            case "text": text = try json.string()
            case "refusal": refusal = try json.string()
            case "image_url": image = try Self.image(&json)
            case "input_audio": audio = try Self.audio(&json)
            case "extra_content": metadata = try json.metadata()
            default: try json.skip()
            }
        }
        guard let type else { throw JSONScanner.Malformed() }
        self.type = type
        switch type {
        case .text: guard text != nil else { throw JSONScanner.Malformed() }
        case .image: guard image != nil else { throw JSONScanner.Malformed() }
        case .audio: guard audio != nil else { throw JSONScanner.Malformed() }
        case .refusal: guard refusal != nil else { throw JSONScanner.Malformed() }
        }
    }

    private static func image(_ json: inout JSONScanner) throws -> Inference.Image {
        var (url, detail): (String?, String?)
        try json.object { name, json in
            switch name {
            case "url": url = try json.string()
            case "detail": detail = try json.stringOrNull()
            default: try json.skip()
            }
        }
        guard let url else { throw JSONScanner.Malformed() }
        return Inference.Image(url: url, detail: detail)
    }

    private static func audio(_ json: inout JSONScanner) throws -> Inference.Audio {
        var (data, format): (String?, String?)
        try json.object { name, json in
            switch name {
            case "data": data = try json.string()
            case "format": format = try json.string()
            default: try json.skip()
            }
        }
        guard let data, let format else { throw JSONScanner.Malformed() }
        return Inference.Audio(data: data, format: format)
    }
}

extension Inference.ToolCall: JSONWritable, JSONReadable {
    package func write(to json: inout JSONWriter) {
        json.object { json in
            json.field("id", id)
            json.field("type", "function")
            json.object("function") { json in
                json.field("name", function.name)
                json.field("arguments", function.arguments)
            }
            if let metadata { json.field("extra_content", metadata) }
        }
    }

    package init(from json: inout JSONScanner) throws {
        var (id, name, arguments): (String?, String?, String?)
        var metadata: RawJSON?
        try json.object { key, json in
            switch key {
            case "id": id = try json.string()
            case "type": guard try json.string() == "function" else { throw JSONScanner.Malformed() }
            case "function":
                try json.object { key, json in
                    switch key {
                    case "name": name = try json.string()
                    case "arguments": arguments = try json.string()
                    default: try json.skip()
                    }
                }
            case "extra_content": metadata = try json.metadata()
            // Clients also send back `index`, for example, from a streamed response.
            default: try json.skip()
            }
        }
        guard let id, let name, let arguments else { throw JSONScanner.Malformed() }
        self.init(id: id, name: name, arguments: arguments, metadata: metadata)
    }
}

extension JSONScanner {
    /// Reads the metadata of a provider; returns `nil` for `null`.
    ///
    /// Throws above a size that no provider uses: an answer has many signatures, of which some contain its reasoning.
    fileprivate mutating func metadata() throws -> RawJSON? {
        guard kind != .null else {
            try skip()
            return nil
        }
        return try rawJSON(limit: 1 << 20)
    }
}
