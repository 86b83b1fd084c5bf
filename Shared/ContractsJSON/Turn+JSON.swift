package import Contracts
package import JSON

extension Turn: JSONWritable, JSONReadable {
    package func write(to json: inout JSONWriter) {
        json.object { json in
            json.field("run", run.description)
            json.field("userMessage", userMessage)
            json.field("end", end)
        }
    }

    package init(from json: inout JSONScanner) throws {
        var (run, userMessage, end): (Run.ID?, Message?, Run.End?)
        try json.object { name, json in
            switch name {
            case "run": run = try json.identifier()
            case "userMessage": userMessage = try Message(from: &json)
            case "end": end = try Run.End(from: &json)
            default: throw JSONScanner.Malformed()
            }
        }
        guard let run, let userMessage, let end else { throw JSONScanner.Malformed() }
        self.init(run: run, userMessage: userMessage, end: end)
    }
}

extension Usage: JSONWritable, JSONReadable {
    package func write(to json: inout JSONWriter) {
        json.object { json in
            json.field("promptTokens", promptTokens)
            json.field("completionTokens", completionTokens)
            json.field("isEstimated", isEstimated)
            if let cachedTokens { json.field("cachedTokens", cachedTokens) }
            if let reasoningTokens { json.field("reasoningTokens", reasoningTokens) }
            if let cost { json.field("cost", cost) }
        }
    }

    package init(from json: inout JSONScanner) throws {
        var (prompt, completion, isEstimated): (Int?, Int?, Bool?)
        var (cached, reasoning, cost): (Int?, Int?, Int?)
        try json.object { name, json in
            switch name {
            case "promptTokens": prompt = try json.int()
            case "completionTokens": completion = try json.int()
            case "isEstimated": isEstimated = try json.bool()
            case "cachedTokens": cached = try json.int()
            case "reasoningTokens": reasoning = try json.int()
            case "cost": cost = try json.int()
            default: throw JSONScanner.Malformed()
            }
        }
        guard let prompt, let completion, let isEstimated else { throw JSONScanner.Malformed() }
        self.init(
            promptTokens: prompt,
            completionTokens: completion,
            isEstimated: isEstimated,
            cachedTokens: cached,
            reasoningTokens: reasoning,
            cost: cost
        )
    }
}

extension Fault: JSONWritable, JSONReadable {
    package func write(to json: inout JSONWriter) {
        json.object { json in
            json.field("code", code.rawValue)
            json.field("message", message)
            if let retryAfter { json.field("retryAfter", retryAfter) }
            if let attempts { json.array("attempts", attempts) { $1.write(to: &$0) } }
        }
    }

    package init(from json: inout JSONScanner) throws {
        var (code, message, retryAfter): (String?, String?, Int?)
        var attempts: [Attempt]?
        try json.object { name, json in
            switch name {
            case "code": code = try json.string()
            case "message": message = try json.string()
            case "retryAfter": retryAfter = try json.int()
            case "attempts": attempts = try json.list()
            default: throw JSONScanner.Malformed()
            }
        }
        guard let code, let message else { throw JSONScanner.Malformed() }
        self.init(Code(rawValue: code), message, retryAfter: retryAfter)
        self.attempts = attempts
    }
}
