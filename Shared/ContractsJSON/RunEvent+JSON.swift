package import Contracts
package import JSON

extension Run.Event: JSONWritable, JSONReadable {
    /// A text event is exactly `{"number":3,"text":"Hel"}`: readers rely on this format without decoding it.
    package func write(to json: inout JSONWriter) {
        json.object { json in
            json.field("number", number)
            if let userMessage { json.field("userMessage", userMessage) }
            if let reasoning { json.field("reasoning", reasoning) }
            if let text { json.field("text", text) }
            if let step { json.field("step", step) }
            if let end { json.field("end", end) }
        }
    }

    package init(from json: inout JSONScanner) throws {
        var (number, userMessage, step, end): (Int?, Message?, Message?, Run.End?)
        var (reasoning, text): (String?, String?)
        try json.object { name, json in
            switch name {
            case "number": number = try json.int()
            case "userMessage": userMessage = try Message(from: &json)
            case "reasoning": reasoning = try json.string()
            case "text": text = try json.string()
            case "step": step = try Message(from: &json)
            case "end": end = try Run.End(from: &json)
            default: throw JSONScanner.Malformed()
            }
        }
        guard let number else { throw JSONScanner.Malformed() }
        self.init(number: number, text: text ?? "")
        (self.text, self.reasoning) = (text, reasoning)
        (self.userMessage, self.step, self.end) = (userMessage, step, end)
    }
}

extension Run.End: JSONWritable, JSONReadable {
    package func write(to json: inout JSONWriter) {
        json.object { json in
            json.field("status", status.rawValue)
            if let assistantMessage { json.field("assistantMessage", assistantMessage) }
            if let model { json.field("model", model) }
            if let usage { json.field("usage", usage) }
            if let context { json.field("context", context) }
            if let timing { json.field("timing", timing) }
            if let fault { json.field("fault", fault) }
            if let attempts { json.array("attempts", attempts) { $1.write(to: &$0) } }
            if let finishReason { json.field("finishReason", finishReason.rawValue) }
        }
    }

    package init(from json: inout JSONScanner) throws {
        var (status, message, model): (Run.Status?, Message?, String?)
        var (usage, context, timing, fault): (Usage?, Run.ContextReport?, Run.Timing?, Fault?)
        var (attempts, finishReason): ([Attempt]?, Inference.Finish.Reason?)
        try json.object { name, json in
            switch name {
            case "status": status = try json.word()
            case "assistantMessage": message = try Message(from: &json)
            case "model": model = try json.string()
            case "usage": usage = try Usage(from: &json)
            case "context": context = try Run.ContextReport(from: &json)
            case "timing": timing = try Run.Timing(from: &json)
            case "fault": fault = try Fault(from: &json)
            case "attempts": attempts = try json.list()
            case "finishReason": finishReason = try json.word()
            default: throw JSONScanner.Malformed()
            }
        }
        guard let status else { throw JSONScanner.Malformed() }
        self.init(
            status: status,
            assistantMessage: message,
            model: model,
            usage: usage,
            context: context,
            timing: timing,
            fault: fault,
            attempts: attempts,
            finishReason: finishReason
        )
    }
}

extension Run.ContextReport: JSONWritable, JSONReadable {
    package func write(to json: inout JSONWriter) {
        json.object { json in
            json.field("messagesUsed", messagesUsed)
            json.field("messagesLeftOut", messagesLeftOut)
            json.field("tokensEstimated", tokensEstimated)
            json.field("window", window)
            if let memories { json.array("memories", memories) { $1.write(to: &$0) } }
        }
    }

    package init(from json: inout JSONScanner) throws {
        var (used, leftOut, tokens, window): (Int?, Int?, Int?, Int?)
        var memories: [Memory.Excerpt]?
        try json.object { name, json in
            switch name {
            case "messagesUsed": used = try json.int()
            case "messagesLeftOut": leftOut = try json.int()
            case "tokensEstimated": tokens = try json.int()
            case "window": window = try json.int()
            case "memories": memories = try json.list()
            default: throw JSONScanner.Malformed()
            }
        }
        guard let used, let leftOut, let tokens, let window else { throw JSONScanner.Malformed() }
        self.init(messagesUsed: used, messagesLeftOut: leftOut, tokensEstimated: tokens, window: window)
        self.memories = memories
    }
}

extension Memory.Excerpt: JSONWritable, JSONReadable {
    package func write(to json: inout JSONWriter) {
        json.object { json in
            json.field("id", id.description)
            json.field("text", text)
        }
    }

    package init(from json: inout JSONScanner) throws {
        var (id, text): (Memory.ID?, String?)
        try json.object { name, json in
            switch name {
            case "id": id = Memory.ID(try json.string())
            case "text": text = try json.string()
            default: throw JSONScanner.Malformed()
            }
        }
        guard let id, let text else { throw JSONScanner.Malformed() }
        self.init(id: id, text: text)
    }
}

extension Run.Timing: JSONWritable, JSONReadable {
    package func write(to json: inout JSONWriter) {
        json.object { json in
            json.field("queue", queue)
            if let firstToken { json.field("firstToken", firstToken) }
            json.field("upstream", upstream)
            json.field("total", total)
        }
    }

    package init(from json: inout JSONScanner) throws {
        var (queue, firstToken, upstream, total): (Double?, Double?, Double?, Double?)
        try json.object { name, json in
            switch name {
            case "queue": queue = try json.double()
            case "firstToken": firstToken = try json.double()
            case "upstream": upstream = try json.double()
            case "total": total = try json.double()
            default: throw JSONScanner.Malformed()
            }
        }
        guard let queue, let upstream, let total else { throw JSONScanner.Malformed() }
        self.init(queue: queue, firstToken: firstToken, upstream: upstream, total: total)
    }
}
