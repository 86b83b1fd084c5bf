package import Contracts
package import JSON

// Handwritten so that the traits keep the order of their members.

extension Persona: JSONWritable, JSONReadable {
    package func write(to json: inout JSONWriter) {
        json.object { json in
            json.field("id", id.description)
            json.field("name", name)
            json.field("displayName", displayName)
            json.field("avatarURL", avatarURL)
            json.field("description", description)
            json.field("category", category)
            json.field("greeting", greeting)
            json.array("suggestedMessages", suggestedMessages) { $0.text($1) }
            json.field("createdAt", Int(createdAt.microseconds))
            if let conversationCount { json.field("conversationCount", conversationCount) }
            json.field("status", status.rawValue)
            json.array("tools", tools) { $0.text($1) }
        }
    }

    package init(from json: inout JSONScanner) throws {
        var (id, createdAt): (ID?, Timestamp?)
        var (name, displayName, avatarURL, description): (String?, String?, String?, String?)
        var (category, greeting): (String?, String?)
        var (suggestedMessages, tools): ([String]?, [String]?)
        var (conversationCount, status): (Int?, Status?)
        try json.object { member, json in
            switch member {
            case "id": id = try json.identifier()
            case "name": name = try json.string()
            case "displayName": displayName = try json.string()
            case "avatarURL": avatarURL = try json.string()
            case "description": description = try json.string()
            case "category": category = try json.string()
            case "greeting": greeting = try json.string()
            case "suggestedMessages": suggestedMessages = try json.strings()
            case "createdAt": createdAt = try json.timestamp()
            case "conversationCount": conversationCount = try json.int()
            case "status": status = try json.word()
            case "tools": tools = try json.strings()
            default: throw JSONScanner.Malformed()
            }
        }
        guard let id, let name, let displayName, let avatarURL, let description, let category, let greeting,
            let suggestedMessages, let createdAt
        else { throw JSONScanner.Malformed() }
        self.init(
            id: id,
            name: name,
            displayName: displayName,
            avatarURL: avatarURL,
            description: description,
            category: category,
            greeting: greeting,
            suggestedMessages: suggestedMessages,
            createdAt: createdAt,
            conversationCount: conversationCount,
            status: status ?? .active,
            tools: tools ?? []
        )
    }
}

extension Personas.Inspected: JSONWritable, JSONReadable {
    package func write(to json: inout JSONWriter) {
        json.object { json in
            json.field("persona", persona)
            json.field("instructions", instructions)
            json.field("traits", traits)
        }
    }

    package init(from json: inout JSONScanner) throws {
        var (persona, instructions, traits): (Persona?, String?, RawJSON?)
        try json.object { member, json in
            switch member {
            case "persona": persona = try Persona(from: &json)
            case "instructions": instructions = try json.string()
            case "traits": traits = try json.rawJSON()
            default: throw JSONScanner.Malformed()
            }
        }
        guard let persona, let instructions, let traits else { throw JSONScanner.Malformed() }
        self.init(persona: persona, instructions: instructions, traits: traits)
    }
}

extension Personas.Profile: JSONWritable, JSONReadable {
    package func write(to json: inout JSONWriter) {
        json.object { json in
            if let name { json.field("name", name) }
            if let displayName { json.field("displayName", displayName) }
            if let avatarURL { json.field("avatarURL", avatarURL) }
            if let description { json.field("description", description) }
            if let category { json.field("category", category) }
            if let instructions { json.field("instructions", instructions) }
            if let traits { json.field("traits", traits) }
            if let greeting { json.field("greeting", greeting) }
            if let suggestedMessages { json.array("suggestedMessages", suggestedMessages) { $0.text($1) } }
            if let status { json.field("status", status.rawValue) }
            if let tools { json.array("tools", tools) { $0.text($1) } }
        }
    }

    package init(from json: inout JSONScanner) throws {
        self.init()
        try json.object { member, json in
            switch member {
            case "name": name = try json.string()
            case "displayName": displayName = try json.string()
            case "avatarURL": avatarURL = try json.string()
            case "description": description = try json.string()
            case "category": category = try json.string()
            case "instructions": instructions = try json.string()
            case "traits": traits = try json.rawJSON()
            case "greeting": greeting = try json.string()
            case "suggestedMessages": suggestedMessages = try json.strings()
            case "status": status = try json.word()
            case "tools": tools = try json.strings()
            default: throw JSONScanner.Malformed()
            }
        }
    }
}

extension Personas.Create: JSONWritable, JSONReadable {
    package func write(to json: inout JSONWriter) {
        json.object { json in
            json.field("profile", profile)
            if let key { json.field("key", key) }
        }
    }

    package init(from json: inout JSONScanner) throws {
        var (profile, key): (Personas.Profile?, String?)
        try json.object { member, json in
            switch member {
            case "profile": profile = try Personas.Profile(from: &json)
            case "key": key = try json.string()
            default: throw JSONScanner.Malformed()
            }
        }
        guard let profile else { throw JSONScanner.Malformed() }
        self.init(profile: profile, key: key)
    }
}

extension Personas.Change: JSONWritable, JSONReadable {
    package func write(to json: inout JSONWriter) {
        json.object { json in
            json.field("id", id.description)
            json.field("profile", profile)
        }
    }

    package init(from json: inout JSONScanner) throws {
        var (id, profile): (Persona.ID?, Personas.Profile?)
        try json.object { member, json in
            switch member {
            case "id": id = try json.identifier()
            case "profile": profile = try Personas.Profile(from: &json)
            default: throw JSONScanner.Malformed()
            }
        }
        guard let id, let profile else { throw JSONScanner.Malformed() }
        self.init(id: id, profile: profile)
    }
}
