package import Contracts

extension Runs.Start: JSONWritable, JSONReadable {
    package func write(to json: inout JSONWriter) {
        json.object { json in
            json.field("conversation", conversation.description)
            json.field("content", content)
        }
    }

    package init(from json: inout JSONScanner) throws {
        let (conversation, content) = try json.said()
        self.init(conversation: conversation, content: content)
    }
}

extension Runs.Complete: JSONWritable, JSONReadable {
    package func write(to json: inout JSONWriter) {
        json.object { json in
            json.field("conversation", conversation.description)
            json.field("content", content)
        }
    }

    package init(from json: inout JSONScanner) throws {
        let (conversation, content) = try json.said()
        self.init(conversation: conversation, content: content)
    }
}

extension JSONScanner {
    /// Reads what is said in a conversation.
    fileprivate mutating func said() throws -> (Conversation.ID, Message.Content) {
        var (conversation, content): (Conversation.ID?, Message.Content?)
        try object { name, json in
            switch name {
            case "conversation": conversation = try json.identifier()
            case "content": content = try Message.Content(from: &json)
            default: throw Malformed()
            }
        }
        guard let conversation, let content else { throw Malformed() }
        return (conversation, content)
    }
}
