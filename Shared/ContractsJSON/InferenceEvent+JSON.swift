package import Contracts
package import JSON

extension Inference.Event: JSONWritable, JSONReadable {
    package func write(to json: inout JSONWriter) {
        json.object { json in
            if let progress { json.field("progress", progress) }
            if let begin { json.field("begin", begin) }
            if let part { json.field("part", part) }
            if let reasoning { json.field("reasoning", reasoning) }
            if let text { json.field("text", text) }
            if let refusal { json.field("refusal", refusal) }
            if let toolCalls { json.array("toolCalls", toolCalls) { $1.write(to: &$0) } }
            if let logprobs { json.field("logprobs", logprobs) }
            if let partMetadata { json.field("partMetadata", partMetadata) }
            if let finish { json.field("finish", finish) }
        }
    }

    package init(from json: inout JSONScanner) throws {
        self.init()
        try json.object { name, json in
            switch name {
            case "text": text = try json.string()
            case "part": part = try json.int()
            case "progress": progress = try Inference.Progress(from: &json)
            case "partMetadata": partMetadata = try json.rawJSON()
            case "begin": begin = try Inference.Begin(from: &json)
            case "reasoning": reasoning = try json.string()
            case "refusal": refusal = try json.string()
            case "toolCalls": toolCalls = try json.list()
            case "logprobs": logprobs = try json.rawJSON()
            case "finish": finish = try Inference.Finish(from: &json)
            default: throw JSONScanner.Malformed()
            }
        }
    }
}

extension Inference.Progress: JSONWritable, JSONReadable {
    package func write(to json: inout JSONWriter) {
        json.object { json in
            if let queuePosition { json.field("queuePosition", queuePosition) }
            if let attempt { json.field("attempt", attempt) }
        }
    }

    package init(from json: inout JSONScanner) throws {
        self.init()
        try json.object { name, json in
            switch name {
            case "queuePosition": queuePosition = try json.int()
            case "attempt": attempt = try Attempt(from: &json)
            default: throw JSONScanner.Malformed()
            }
        }
    }
}

extension Inference.Begin: JSONWritable, JSONReadable {
    package func write(to json: inout JSONWriter) {
        json.object { json in
            json.field("model", model)
            json.array("attempts", attempts) { $1.write(to: &$0) }
            if let ignoredOptions { json.array("ignoredOptions", ignoredOptions) { $0.text($1) } }
        }
    }

    package init(from json: inout JSONScanner) throws {
        var (model, attempts): (String?, [Attempt]?)
        var ignoredOptions: [String]?
        try json.object { name, json in
            switch name {
            case "model": model = try json.string()
            case "attempts": attempts = try json.list()
            case "ignoredOptions": ignoredOptions = try json.strings()
            default: throw JSONScanner.Malformed()
            }
        }
        guard let model, let attempts else { throw JSONScanner.Malformed() }
        self.init(model: model, attempts: attempts, ignoredOptions: ignoredOptions)
    }
}

extension Attempt: JSONWritable, JSONReadable {
    package func write(to json: inout JSONWriter) {
        json.object { json in
            json.field("model", model)
            json.field("outcome", outcome.rawValue)
            if let code { json.field("code", code.rawValue) }
            if let cause { json.field("cause", cause) }
            if let status { json.field("status", status) }
            json.field("milliseconds", milliseconds)
        }
    }

    package init(from json: inout JSONScanner) throws {
        var (model, outcome, code, cause): (String?, Outcome?, String?, String?)
        var (status, milliseconds): (Int?, Int?)
        try json.object { name, json in
            switch name {
            case "model": model = try json.string()
            case "outcome": outcome = try json.word()
            case "code": code = try json.string()
            case "cause": cause = try json.string()
            case "status": status = try json.int()
            case "milliseconds": milliseconds = try json.int()
            default: throw JSONScanner.Malformed()
            }
        }
        guard let model, let outcome, let milliseconds else { throw JSONScanner.Malformed() }
        self.init(
            model: model,
            outcome: outcome,
            code: code.map { Fault.Code(rawValue: $0) },
            cause: cause,
            status: status,
            milliseconds: milliseconds
        )
    }
}

extension Inference.ToolCallDelta: JSONWritable, JSONReadable {
    package func write(to json: inout JSONWriter) {
        json.object { json in
            json.field("index", index)
            if let id { json.field("id", id) }
            if let name { json.field("name", name) }
            if let arguments { json.field("arguments", arguments) }
            if let metadata { json.field("metadata", metadata) }
        }
    }

    package init(from json: inout JSONScanner) throws {
        self.init(index: -1)
        try json.object { name, json in
            switch name {
            case "index": index = try json.int()
            case "id": id = try json.string()
            case "name": self.name = try json.string()
            case "arguments": arguments = try json.string()
            case "metadata": metadata = try json.rawJSON()
            default: throw JSONScanner.Malformed()
            }
        }
        guard index >= 0 else { throw JSONScanner.Malformed() }
    }
}

extension Inference.Finish: JSONWritable, JSONReadable {
    package func write(to json: inout JSONWriter) {
        json.object { json in
            json.field("reason", reason.rawValue)
            json.field("model", model)
            if let usage { json.field("usage", usage) }
            if let metadata { json.field("metadata", metadata) }
            if let format { json.field("format", format) }
        }
    }

    package init(from json: inout JSONScanner) throws {
        var (reason, model, usage): (Reason?, String?, Usage?)
        var metadata: RawJSON?
        var format: Inference.FormatVerdict?
        try json.object { name, json in
            switch name {
            case "reason": reason = try json.word()
            case "model": model = try json.string()
            case "usage": usage = try Usage(from: &json)
            case "metadata": metadata = try json.rawJSON()
            case "format": format = try Inference.FormatVerdict(from: &json)
            default: throw JSONScanner.Malformed()
            }
        }
        guard let reason, let model else { throw JSONScanner.Malformed() }
        self.init(reason: reason, model: model, usage: usage, metadata: metadata)
        self.format = format
    }
}

extension Inference.Answer: JSONWritable, JSONReadable {
    package func write(to json: inout JSONWriter) {
        json.object { json in
            json.field("begin", begin)
            if let reasoning { json.field("reasoning", reasoning) }
            if let text { json.field("text", text) }
            if let refusal { json.field("refusal", refusal) }
            if let toolCalls { json.array("toolCalls", toolCalls) { $1.write(to: &$0) } }
            if let logprobs { json.field("logprobs", logprobs) }
            if let parts { json.array("parts", parts) { $1.write(to: &$0) } }
            json.field("finish", finish)
        }
    }

    package init(from json: inout JSONScanner) throws {
        var (begin, finish): (Inference.Begin?, Inference.Finish?)
        var (reasoning, text, refusal): (String?, String?, String?)
        var (toolCalls, logprobs): ([Inference.ToolCall]?, RawJSON?)
        var parts: [Inference.AnswerPart]?
        try json.object { name, json in
            switch name {
            case "begin": begin = try Inference.Begin(from: &json)
            case "reasoning": reasoning = try json.string()
            case "text": text = try json.string()
            case "refusal": refusal = try json.string()
            case "toolCalls": toolCalls = try json.list()
            case "logprobs": logprobs = try json.rawJSON()
            case "parts": parts = try json.list()
            case "finish": finish = try Inference.Finish(from: &json)
            default: throw JSONScanner.Malformed()
            }
        }
        guard let begin, let finish else { throw JSONScanner.Malformed() }
        self.init(begin: begin, finish: finish)
        (self.reasoning, self.text, self.refusal) = (reasoning, text, refusal)
        (self.toolCalls, self.logprobs, self.parts) = (toolCalls, logprobs, parts)
    }
}

extension Inference.FormatVerdict: JSONWritable, JSONReadable {
    package func write(to json: inout JSONWriter) {
        json.object { json in
            json.field("isValid", isValid)
            if let reason { json.field("reason", reason) }
        }
    }

    package init(from json: inout JSONScanner) throws {
        var (isValid, reason): (Bool?, String?)
        try json.object { name, json in
            switch name {
            case "isValid": isValid = try json.bool()
            case "reason": reason = try json.string()
            default: throw JSONScanner.Malformed()
            }
        }
        guard let isValid else { throw JSONScanner.Malformed() }
        self.init(isValid: isValid, reason: reason)
    }
}

extension Inference.AnswerPart: JSONWritable, JSONReadable {
    package func write(to json: inout JSONWriter) {
        json.object { json in
            json.field("kind", kind.rawValue)
            json.field("bytes", bytes)
            if let metadata { json.field("metadata", metadata) }
        }
    }

    package init(from json: inout JSONScanner) throws {
        var (kind, bytes, metadata): (Kind?, Int?, RawJSON?)
        try json.object { name, json in
            switch name {
            case "kind": kind = try json.word()
            case "bytes": bytes = try json.int()
            case "metadata": metadata = try json.rawJSON()
            default: throw JSONScanner.Malformed()
            }
        }
        guard let kind, let bytes else { throw JSONScanner.Malformed() }
        self.init(kind: kind, bytes: bytes, metadata: metadata)
    }
}
