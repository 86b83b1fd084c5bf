import Contracts

/// Validates the members of a persona that an admin sets.
///
/// Pure functions; each throws a fault that names the invalid member as clients do.
enum PersonaProfile {
    private static let nameLengths = 1...100
    private static let displayNameLengths = 1...200
    private static let categoryLimit = 100
    private static let descriptionLimit = 2000
    private static let greetingLimit = 4000
    private static let avatarLimit = 8192
    private static let instructionsLimit = 32 * 1024
    private static let suggestionLimit = 10
    private static let suggestionLengths = 1...500
    private static let toolLimit = 32

    /// Returns a new persona.
    static func persona(_ profile: Personas.Profile, at moment: Timestamp) throws(Fault) -> StoredPersona {
        guard let name = profile.name else { throw Fault(.invalid, "`name` is missing.") }
        guard profile.instructions != nil else { throw Fault(.invalid, "`system_instructions` is missing.") }
        let empty = StoredPersona(
            persona: Persona(
                id: Persona.ID(at: moment),
                name: name,
                displayName: name,
                avatarURL: "",
                description: "",
                category: "",
                greeting: "",
                suggestedMessages: [],
                createdAt: moment
            ),
            instructions: "",
            traits: RawJSON("{}")
        )
        return try applied(profile, to: empty)
    }

    /// Returns a persona with the members that are given.
    static func applied(_ profile: Personas.Profile, to stored: StoredPersona) throws(Fault) -> StoredPersona {
        var changed = stored
        if let name = profile.name { changed.persona.name = try checkedName(name) }
        if let name = profile.displayName {
            changed.persona.displayName = try line(name, "display_name", displayNameLengths)
        }
        if let category = profile.category {
            changed.persona.category = try line(category, "category", 0...categoryLimit)
        }
        if let text = profile.description {
            changed.persona.description = try checked(text, "description", 0...descriptionLimit)
        }
        if let text = profile.greeting {
            changed.persona.greeting = try checked(text, "initial_greeting", 0...greetingLimit)
        }
        if let url = profile.avatarURL { changed.persona.avatarURL = try checkedAvatar(url) }
        if let texts = profile.suggestedMessages { changed.persona.suggestedMessages = try checkedSuggestions(texts) }
        if let tools = profile.tools { changed.persona.tools = try checkedTools(tools) }
        if let text = profile.instructions { changed.instructions = try checkedInstructions(text) }
        if let traits = profile.traits { changed.traits = try checkedTraits(traits) }
        if let status = profile.status { changed.persona.status = try checkedStatus(status, of: stored.persona) }
        return changed
    }

    private static func checkedName(_ name: String) throws(Fault) -> String {
        guard nameLengths.contains(name.utf8.count), name.wholeMatch(of: /[a-z0-9]+(?:[_-][a-z0-9]+)*/) != nil else {
            throw Fault(
                .invalid,
                "`name` must have 1 to 100 characters: lower-case letters and digits in words joined by `-`, such as maya-kitchen."
            )
        }
        return name
    }

    private static func line(_ text: String, _ member: String, _ lengths: ClosedRange<Int>) throws(Fault) -> String {
        guard !text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
            throw Fault(.invalid, "`\(member)` must not contain control characters.")
        }
        return try checked(text, member, lengths)
    }

    /// Returns a text without white space at its ends, if its length, in Unicode scalars, is allowed.
    private static func checked(_ text: String, _ member: String, _ lengths: ClosedRange<Int>) throws(Fault) -> String {
        let trimmed = trimmed(text)
        guard lengths.contains(trimmed.unicodeScalars.count), !trimmed.utf8.contains(0) else {
            let range = lengths.lowerBound == 0 ? "at most" : "\(lengths.lowerBound) to"
            throw Fault(.invalid, "`\(member)` must have \(range) \(lengths.upperBound) characters.")
        }
        return trimmed
    }

    private static func trimmed(_ text: String) -> String {
        var text = text[...]
        while text.first?.isWhitespace == true { text = text.dropFirst() }
        while text.last?.isWhitespace == true { text = text.dropLast() }
        return String(text)
    }

    private static func checkedAvatar(_ url: String) throws(Fault) -> String {
        guard url.utf8.count <= avatarLimit else {
            throw Fault(.invalid, "`avatar_url` must have at most \(avatarLimit) bytes.")
        }
        let url = try line(url, "avatar_url", 0...avatarLimit)
        let isKnown = ["/", "https://", "http://", "data:image/"].contains { url.lowercased().hasPrefix($0) }
        guard url.isEmpty || isKnown else {
            throw Fault(.invalid, "`avatar_url` must be a URL with http or https, a data: URL of an image, or a path.")
        }
        return url
    }

    private static func checkedSuggestions(_ texts: [String]) throws(Fault) -> [String] {
        guard texts.count <= suggestionLimit else {
            throw Fault(.invalid, "`suggested_messages` must have at most \(suggestionLimit) entries.")
        }
        var checkedTexts: [String] = []
        for text in texts { checkedTexts.append(try checked(text, "suggested_messages[]", suggestionLengths)) }
        return checkedTexts
    }

    private static func checkedTools(_ names: [String]) throws(Fault) -> [String] {
        let isValid = names.allSatisfy { $0.wholeMatch(of: /[A-Za-z][A-Za-z0-9_-]{0,63}/) != nil }
        guard isValid, names.count <= toolLimit else {
            throw Fault(.invalid, "`tools` must be at most \(toolLimit) names of tools, such as recall_memory.")
        }
        return names.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }

    private static func checkedInstructions(_ text: String) throws(Fault) -> String {
        guard text.utf8.count <= instructionsLimit, !trimmed(text).isEmpty, !text.utf8.contains(0) else {
            throw Fault(
                .invalid,
                "`system_instructions` must not be blank, and must have at most \(instructionsLimit) bytes."
            )
        }
        return text
    }

    private static func checkedTraits(_ traits: RawJSON) throws(Fault) -> RawJSON {
        guard PersonaTraits(traits) != nil else {
            throw Fault(
                .invalid,
                """
                `personality_traits` must be an object of at most \(PersonaTraits.countLimit) members and \
                \(PersonaTraits.byteLimit) bytes whose values are texts, numbers, booleans or lists of texts.
                """
            )
        }
        return PersonaTraits.compact(traits)
    }

    private static func checkedStatus(_ status: Persona.Status, of persona: Persona) throws(Fault) -> Persona.Status {
        guard status == persona.status || !BuiltInPersonas.unlisted.contains(persona.id) else {
            throw Fault(
                .conflict,
                "\(persona.displayName) belongs to an interface of Parley; its status cannot be changed."
            )
        }
        return status
    }
}
