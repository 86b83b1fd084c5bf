import Contracts

/// Parameters that several routes have.
extension RouteDocumentation.Parameter {
    /// An identifier in the path; `example` is a UUID.
    static func identifier(_ name: String, _ description: String) -> RouteDocumentation.Parameter {
        RouteDocumentation.Parameter(name: name, schema: .uuid, isRequired: true, description: description)
    }

    /// The maximum number of items in a page.
    static func limit(_ range: ClosedRange<Int>, default value: Int?) -> RouteDocumentation.Parameter {
        RouteDocumentation.Parameter(
            name: "limit",
            schema: .integer(range),
            description: "Maximum number of items.",
            defaultValue: value.map { RawJSON(String($0)) }
        )
    }

    static let offset = RouteDocumentation.Parameter(
        name: "offset",
        schema: .integer(QueryParameters.offsets),
        description: "Number of items to skip.",
        defaultValue: RawJSON("0")
    )
    static let idempotencyKey = RouteDocumentation.Parameter(
        name: "Idempotency-Key",
        schema: .idempotencyKey,
        description: "A repeat of the request with the same key returns the first result and changes nothing."
    )
    static let ifNoneMatch = RouteDocumentation.Parameter(
        name: "If-None-Match",
        schema: .string,
        description: "The `ETag` of the version that the client has."
    )
    static let entityTag = RouteDocumentation.Parameter(name: "ETag", schema: .string)
}

extension Schema.StringRules {
    /// Text without control characters.
    static func text(_ length: ClosedRange<Int>) -> Schema.StringRules {
        Schema.StringRules(pattern: #"^[^\u0000-\u001F\u007F-\u009F]*$"#, length: length)
    }
}

extension Schema {
    /// The name of a user.
    static let userName = Schema.string(.text(1...255))
    /// A name in a path: a segment must not be a dot segment or contain `\` or control characters, encoded or not.
    static let pathText = Schema.string(
        .init(pattern: #"^[^\u0000-\u001F\u007F-\u009F\\.][^\u0000-\u001F\u007F-\u009F\\]*$"#, length: 1...255)
    )
    /// The key of a request that may be repeated.
    static let idempotencyKey = Schema.string(.init(pattern: #"^[^\u0000-\u001F\u007F]*$"#, length: 1...255))
    /// The name of a model, with or without its provider, or an alias; other printable characters are possible too.
    static let modelName = Schema.string(
        .init(pattern: "^[A-Za-z0-9][A-Za-z0-9_@:+-]*([./][A-Za-z0-9_@:+-]+)*$", length: 1...200)
    )
    /// The name of a model in Ollama's own registry.
    static let ollamaModelName = Schema.string(
        .init(pattern: "^(ollama/)?([A-Za-z0-9]\(word)*/)?[A-Za-z0-9]\(word)*(\\.\(word)+)*\(tag)$", length: 1...128)
    )
    private static let word = "[A-Za-z0-9_-]"
    private static let tag = "(:[A-Za-z0-9_-]{1,30})?"
    /// A count: an integer from 0.
    static let count = Schema.integer(0...Int.max)
}
