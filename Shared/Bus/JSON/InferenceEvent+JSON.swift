package import Contracts

extension Inference.Event: JSONWritable, JSONReadable {
    package func write(to json: inout JSONWriter) {
        json.object { json in
            if let text { json.field("text", text) }
            if let finish { json.field("finish", finish) }
        }
    }

    package init(from json: inout JSONScanner) throws {
        var (text, finish): (String?, Inference.Finish?)
        try json.object { name, json in
            switch name {
            case "text": text = try json.string()
            case "finish": finish = try Inference.Finish(from: &json)
            default: throw JSONScanner.Malformed()
            }
        }
        self.init(text: text ?? "")
        self.text = text
        self.finish = finish
    }
}

extension Inference.Finish: JSONWritable, JSONReadable {
    package func write(to json: inout JSONWriter) {
        json.object { json in
            json.field("reason", reason.rawValue)
            json.field("model", model)
            if let usage { json.field("usage", usage) }
        }
    }

    package init(from json: inout JSONScanner) throws {
        var (reason, model, usage): (Reason?, String?, Usage?)
        try json.object { name, json in
            switch name {
            case "reason": reason = try json.word()
            case "model": model = try json.string()
            case "usage": usage = try Usage(from: &json)
            default: throw JSONScanner.Malformed()
            }
        }
        guard let reason, let model else { throw JSONScanner.Malformed() }
        self.init(reason: reason, model: model, usage: usage)
    }
}

extension Inference.Message: JSONWritable, JSONReadable {
    package func write(to json: inout JSONWriter) {
        json.object { json in
            json.field("role", role.rawValue)
            json.field("content", content)
        }
    }

    package init(from json: inout JSONScanner) throws {
        var (role, content): (Role?, String?)
        try json.object { name, json in
            switch name {
            case "role": role = try json.word()
            case "content": content = try json.string()
            default: throw JSONScanner.Malformed()
            }
        }
        guard let role, let content else { throw JSONScanner.Malformed() }
        self.init(role: role, content: content)
    }
}
