package import Contracts
package import JSON

/// Handwritten so that opaque values stay unchanged.
extension Conversations.Import: JSONWritable, JSONReadable {
    package func write(to json: inout JSONWriter) {
        json.object { json in
            json.field("id", id.description)
            json.array("messages", messages) { $1.write(to: &$0) }
            json.field("answer", answer)
        }
    }

    package init(from json: inout JSONScanner) throws {
        var (id, messages, answer): (Conversation.ID?, [Inference.Message]?, Inference.Answer?)
        try json.object { name, json in
            switch name {
            case "id": id = try json.identifier()
            case "messages": messages = try json.list()
            case "answer": answer = try Inference.Answer(from: &json)
            default: throw JSONScanner.Malformed()
            }
        }
        guard let id, let messages, let answer else { throw JSONScanner.Malformed() }
        self.init(id: id, messages: messages, answer: answer)
    }
}
