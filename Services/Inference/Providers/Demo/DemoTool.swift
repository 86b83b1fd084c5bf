/// A tool that the demo model may call, as OpenAI's form declares it.
struct DemoTool: Decodable {
    let name: String
    let description: String
    let parameters: DemoSchema

    private enum Key: String, CodingKey {
        case function
        case name
        case description
        case parameters
    }

    init(from decoder: any Decoder) throws {
        let function = try decoder.container(keyedBy: Key.self).nestedContainer(keyedBy: Key.self, forKey: .function)
        name = try function.decode(String.self, forKey: .name)
        do {
            description = try function.decodeIfPresent(String.self, forKey: .description) ?? ""
        } catch {
            description = ""
        }
        parameters = try function.decodeIfPresent(DemoSchema.self, forKey: .parameters) ?? DemoSchema()
    }

    /// How well it fits what is said; 0 when it does not.
    func fit(_ message: DemoMessage) -> Int {
        if !name.isEmpty, message.text.lowercased().contains(name.lowercased()) { return 1000 }
        let said = Self.withSynonyms(message.plain)
        let named = Self.withoutFillers(Self.words(of: name))
        let hits = named.count { word in said.contains { Self.sharesStem($0, word) } }
        if !named.isEmpty, hits == named.count { return 500 + hits }
        let told = Set(Self.withoutFillers(Self.words(of: description)))
        let echoes = told.count { word in word.count > 3 && said.contains { Self.sharesStem($0, word) } }
        if hits > 0, echoes > 0 { return 200 + hits + echoes }
        return echoes > 1 ? 100 + echoes : 0
    }

    /// What a name is made of: `get_current_weather`, `getCurrentWeather`.
    private static func words(of text: String) -> [String] {
        var words: [String] = []
        var word = ""
        for character in text {
            let isBorder = !character.isLetter && !character.isNumber
            if isBorder || (character.isUppercase && word.last?.isLowercase == true) {
                if !word.isEmpty { words.append(word.lowercased()) }
                word = ""
            }
            if !isBorder { word.append(character) }
        }
        return word.isEmpty ? words : words + [word.lowercased()]
    }

    /// Without what many tools have in common; all of it where nothing else is left.
    private static func withoutFillers(_ words: [String]) -> [String] {
        let withoutFillers = words.filter { !fillers.contains($0) }
        return withoutFillers.isEmpty ? words : withoutFillers
    }

    private static func withSynonyms(_ words: [String]) -> [String] {
        words
            + words.flatMap { word in
                synonyms.first { sharesStem($0.key, word) }?.value ?? []
            }
    }

    /// Whether two words are the same but for their endings.
    private static func sharesStem(_ one: String, _ other: String) -> Bool {
        if one == other { return true }
        let (short, long) = one.count < other.count ? (one, other) : (other, one)
        let stem = short.count > 5 ? short.dropLast() : short[...]
        return short.count >= 4 && long.count <= short.count + 3 && long.hasPrefix(stem)
    }

    private static let synonyms: [String: [String]] = [
        "remember": ["memory", "memorize", "store", "save"], "recall": ["memory", "memories"],
        "forget": ["memory", "delete"], "draw": ["image", "picture"], "temperature": ["weather"],
        "rain": ["weather"], "calculate": ["calculator", "math"], "mail": ["email"],
    ]

    private static let fillers: Set<String> = [
        "get", "set", "do", "run", "fetch", "make", "create", "call", "tool", "function", "current", "the", "a", "an",
        "of",
        "for", "in", "to", "and", "or", "with", "by", "from", "at", "on", "given", "gets", "returns", "return", "this",
        "that", "use", "used", "when", "user", "information", "about", "is", "it", "api", "data", "value", "new", "my",
        "show", "gen", "generate",
    ]
}
