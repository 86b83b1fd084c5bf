package import Contracts
package import JSON

extension Runs.Start: JSONWritable, JSONReadable {
    package func write(to json: inout JSONWriter) {
        json.object { json in
            json.field("conversation", conversation.description)
            if let content { json.field("content", content) }
            if let insteadOf { json.field("insteadOf", insteadOf.description) }
            if let key { json.field("key", key) }
            if let options { json.field("options", options) }
        }
    }

    package init(from json: inout JSONScanner) throws {
        var (conversation, content): (Conversation.ID?, Message.Content?)
        var (insteadOf, key, options): (Message.ID?, String?, Run.Options?)
        try json.object { name, json in
            switch name {
            case "conversation": conversation = try json.identifier()
            case "content": content = try Message.Content(from: &json)
            case "insteadOf": insteadOf = try json.identifier()
            case "key": key = try json.string()
            case "options": options = try Run.Options(from: &json)
            default: throw JSONScanner.Malformed()
            }
        }
        guard let conversation else { throw JSONScanner.Malformed() }
        self.init(conversation: conversation, content: content, insteadOf: insteadOf, key: key, options: options)
    }
}

extension Runs.Complete: JSONWritable, JSONReadable {
    package func write(to json: inout JSONWriter) {
        start.write(to: &json)
    }

    package init(from json: inout JSONScanner) throws {
        self.init(try Runs.Start(from: &json))
    }
}
