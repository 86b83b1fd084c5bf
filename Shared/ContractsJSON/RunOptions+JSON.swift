package import Contracts
package import JSON

extension Run.Options: JSONWritable, JSONReadable {
    package func write(to json: inout JSONWriter) {
        json.object { json in
            if let model { json.field("model", model) }
            if let maxTokens { json.field("maxTokens", maxTokens) }
            if let stop { json.array("stop", stop) { $0.text($1) } }
            if let temperature { json.field("temperature", temperature) }
            if let seed { json.field("seed", seed) }
            if let topP { json.field("topP", topP) }
            if let tools { json.array("tools", tools) { $0.text($1) } }
        }
    }

    package init(from json: inout JSONScanner) throws {
        self.init()
        try json.object { name, json in
            switch name {
            case "model": model = try json.string()
            case "maxTokens": maxTokens = try json.int()
            case "stop": stop = try json.strings()
            case "temperature": temperature = try json.double()
            case "seed": seed = try json.int()
            case "topP": topP = try json.double()
            case "tools": tools = try json.strings()
            default: throw JSONScanner.Malformed()
            }
        }
    }
}
