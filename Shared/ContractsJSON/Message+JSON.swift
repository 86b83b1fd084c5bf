package import Contracts
package import JSON

extension Message: JSONWritable, JSONReadable {
    package func write(to json: inout JSONWriter) {
        json.object { json in
            json.field("id", id.description)
            json.field("role", role.rawValue)
            json.field("content", content)
            json.field("status", status.rawValue)
            if let parent { json.field("parent", parent.description) }
            if let run { json.field("run", run.description) }
            if let tokenCount { json.field("tokenCount", tokenCount) }
            json.field("createdAt", Int(createdAt.microseconds))
            if let branch { json.field("branch", branch) }
            if let metadata { json.field("metadata", metadata) }
            if let reasoning { json.field("reasoning", reasoning) }
            if let parts { json.array("parts", parts) { $1.write(to: &$0) } }
            if let model { json.field("model", model) }
            if let toolCalls { json.array("toolCalls", toolCalls) { $1.write(to: &$0) } }
            if let toolCallID { json.field("toolCallID", toolCallID) }
            if let name { json.field("name", name) }
            if let isRead { json.field("isRead", isRead) }
        }
    }

    package init(from json: inout JSONScanner) throws {
        var (id, role, content, status): (ID?, Role?, Content?, Run.Status?)
        var (parent, run, tokenCount, createdAt): (ID?, Run.ID?, Int?, Timestamp?)
        var (branch, metadata): (Branch?, RawJSON?)
        var (toolCalls, toolCallID, speaker): ([Inference.ToolCall]?, String?, String?)
        var (reasoning, parts): (String?, [Inference.AnswerPart]?)
        var (model, isRead): (String?, Bool?)
        try json.object { name, json in
            switch name {
            case "id": id = try json.identifier()
            case "role": role = try json.word()
            case "content": content = try Content(from: &json)
            case "status": status = try json.word()
            case "parent": parent = try json.identifier()
            case "run": run = try json.identifier()
            case "tokenCount": tokenCount = try json.int()
            case "createdAt": createdAt = try json.timestamp()
            case "branch": branch = try Branch(from: &json)
            case "metadata": metadata = try json.rawJSON()
            case "reasoning": reasoning = try json.string()
            case "parts": parts = try json.list()
            case "model": model = try json.string()
            case "toolCalls": toolCalls = try json.list()
            case "toolCallID": toolCallID = try json.string()
            case "name": speaker = try json.string()
            case "isRead": isRead = try json.bool()
            default: throw JSONScanner.Malformed()
            }
        }
        guard let id, let role, let content, let status, let createdAt else { throw JSONScanner.Malformed() }
        self.init(
            id: id,
            role: role,
            content: content,
            status: status,
            parent: parent,
            run: run,
            tokenCount: tokenCount,
            createdAt: createdAt,
            branch: branch,
            metadata: metadata
        )
        (self.toolCalls, self.toolCallID, self.name) = (toolCalls, toolCallID, speaker)
        (self.reasoning, self.parts) = (reasoning, parts)
        (self.model, self.isRead) = (model, isRead)
    }
}

extension Message.Branch: JSONWritable, JSONReadable {
    package func write(to json: inout JSONWriter) {
        json.object { json in
            json.field("index", index)
            json.field("count", count)
        }
    }

    package init(from json: inout JSONScanner) throws {
        var (index, count): (Int?, Int?)
        try json.object { name, json in
            switch name {
            case "index": index = try json.int()
            case "count": count = try json.int()
            default: throw JSONScanner.Malformed()
            }
        }
        guard let index, let count else { throw JSONScanner.Malformed() }
        self.init(index: index, count: count)
    }
}

extension Message.Content: JSONWritable, JSONReadable {
    package func write(to json: inout JSONWriter) {
        json.object { json in
            json.field("kind", kind.rawValue)
            json.field("text", text)
            json.array("mediaURLs", mediaURLs) { $0.text($1) }
            if let audioURL { json.field("audioURL", audioURL) }
            if let audioSeconds { json.field("audioSeconds", audioSeconds) }
        }
    }

    package init(from json: inout JSONScanner) throws {
        var (kind, text): (Message.Kind?, String?)
        var mediaURLs: [String] = []
        var (audioURL, audioSeconds): (String?, Int?)
        try json.object { name, json in
            switch name {
            case "kind": kind = try json.word()
            case "text": text = try json.string()
            case "mediaURLs": try json.array { mediaURLs.append(try $0.string()) }
            case "audioURL": audioURL = try json.string()
            case "audioSeconds": audioSeconds = try json.int()
            default: throw JSONScanner.Malformed()
            }
        }
        guard let kind, let text else { throw JSONScanner.Malformed() }
        self.init(kind: kind, text: text, mediaURLs: mediaURLs, audioURL: audioURL, audioSeconds: audioSeconds)
    }
}
