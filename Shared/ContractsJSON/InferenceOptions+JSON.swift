package import Contracts
package import JSON

extension Inference.Options: JSONWritable, JSONReadable {
    package func write(to json: inout JSONWriter) {
        json.object { json in
            if let maxTokens { json.field("maxTokens", maxTokens) }
            if let stop { json.array("stop", stop) { $0.text($1) } }
            if let temperature { json.field("temperature", temperature) }
            if let seed { json.field("seed", seed) }
            if let topP { json.field("topP", topP) }
            if let topK { json.field("topK", topK) }
            if let minP { json.field("minP", minP) }
            if let frequencyPenalty { json.field("frequencyPenalty", frequencyPenalty) }
            if let presencePenalty { json.field("presencePenalty", presencePenalty) }
            if let logprobs { json.field("logprobs", logprobs) }
            if let topLogprobs { json.field("topLogprobs", topLogprobs) }
            if let parallelToolCalls { json.field("parallelToolCalls", parallelToolCalls) }
            if let reasoningEffort { json.field("reasoningEffort", reasoningEffort) }
            if let extra { json.field("extra", extra) }
        }
    }

    package init(from json: inout JSONScanner) throws {
        self.init()
        try json.object { name, json in
            switch name {
            case "maxTokens": maxTokens = try json.int()
            case "stop": stop = try json.strings()
            case "temperature": temperature = try json.double()
            case "seed": seed = try json.int()
            case "topP": topP = try json.double()
            case "topK": topK = try json.int()
            case "minP": minP = try json.double()
            case "frequencyPenalty": frequencyPenalty = try json.double()
            case "presencePenalty": presencePenalty = try json.double()
            case "logprobs": logprobs = try json.bool()
            case "topLogprobs": topLogprobs = try json.int()
            case "parallelToolCalls": parallelToolCalls = try json.bool()
            case "reasoningEffort": reasoningEffort = try json.string()
            case "extra": extra = try json.rawJSON()
            default: throw JSONScanner.Malformed()
            }
        }
    }
}
