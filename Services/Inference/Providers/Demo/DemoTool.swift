import Contracts
import NIOCore

/// A tool that the demo model may call, from OpenAI's declaration.
struct DemoTool {
    /// Maximum number of tools.
    static let countLimit = 128
    /// How much of a description is compared with the message, in bytes and in words.
    private static let descriptionLimit = 1024
    private static let descriptionWordLimit = 64
    /// Maximum size of a name, in bytes.
    private static let nameLimit = 256

    let name: String
    private let description: String
    /// The JSON schema of the arguments.
    let parameters: ByteBuffer

    /// The tools of a request; tools with very long names are ignored.
    ///
    /// Throws `invalid` if there are too many.
    static func all(in plan: ToolPlan) throws(Fault) -> [DemoTool] {
        let all = plan.tools.filter { $0.name.utf8.count <= nameLimit }
        guard all.count <= countLimit else {
            throw Fault(.invalid, "demo/demo accepts at most \(countLimit) tools; the request has more.")
        }
        return all.map(DemoTool.init)
    }

    private init(_ tool: Tool) {
        name = tool.name
        description = String((tool.description ?? "").prefix(bytes: Self.descriptionLimit))
        parameters = tool.parameters ?? ByteBuffer()
    }

    /// The words of a message, prepared for comparison with many tools.
    struct Query {
        /// How many different words of a message are compared, and how long they may be, in bytes.
        private static let wordLimit = 100
        private static let wordLength = 64

        fileprivate let text: String
        fileprivate let words: [String]

        init(_ message: DemoMessage) {
            text = message.text.lowercased()
            var distinct: [String] = []
            var seen: Set<String> = []
            for word in message.lowercasedWords where distinct.count < Self.wordLimit {
                if word.utf8.count <= Self.wordLength, seen.insert(word).inserted { distinct.append(word) }
            }
            words = DemoTool.withSynonyms(distinct)
        }
    }

    /// How well the tool matches a message; 0 if it does not.
    func score(_ query: Query) -> Int {
        if !name.isEmpty, query.text.contains(bytes: name.lowercased()) { return 1000 }
        let named = Self.withoutFillers(Self.words(of: name))
        let hits = named.count { word in query.words.contains { Self.sharesStem($0, word) } }
        if !named.isEmpty, hits == named.count { return 500 + hits }
        let described = Set(Self.withoutFillers(Self.words(of: description)).prefix(Self.descriptionWordLimit))
        let matches = described.count { word in
            word.utf8.count > 3 && query.words.contains { Self.sharesStem($0, word) }
        }
        if hits > 0, matches > 0 { return 200 + hits + matches }
        return matches > 1 ? 100 + matches : 0
    }

    /// The lowercase words of a name such as `get_current_weather` or `getCurrentWeather`, or of a description.
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

    /// The words without those that many tools share; all words if nothing else is left.
    private static func withoutFillers(_ words: [String]) -> [String] {
        let withoutFillers = words.filter { !fillers.contains($0) }
        return withoutFillers.isEmpty ? words : withoutFillers
    }

    fileprivate static func withSynonyms(_ words: [String]) -> [String] {
        words
            + words.flatMap { word in
                synonyms.first { sharesStem($0.key, word) }?.value ?? []
            }
    }

    /// Whether two words differ in their endings at most.
    static func sharesStem(_ one: String, _ other: String) -> Bool {
        if one == other { return true }
        let (short, long) = one.utf8.count < other.utf8.count ? (one, other) : (other, one)
        let stem = short.utf8.count > 5 ? short.dropLast() : short[...]
        return short.utf8.count >= 4 && long.utf8.count <= short.utf8.count + 3 && long.hasPrefix(stem)
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
        "show", "gen", "generate", "what", "which", "who", "where", "how", "your", "they", "something", "best", "other",
    ]
}
