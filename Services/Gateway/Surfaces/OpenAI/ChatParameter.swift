import Contracts
import JSON

/// A parameter of `POST /v1/chat/completions` with a plain value: its name, its type and range, and where its value goes.
///
/// The reader of requests and the OpenAPI document both work from ``all``.
struct ChatParameter: Sendable {
    enum Value: Sendable {
        case integer(ClosedRange<Int>, any WritableKeyPath<ChatParameters, Int?> & Sendable)
        case decimal(ClosedRange<Double>, any WritableKeyPath<ChatParameters, Double?> & Sendable)
        case flag(any WritableKeyPath<ChatParameters, Bool?> & Sendable)
        case text(any WritableKeyPath<ChatParameters, String?> & Sendable)
        /// One text, or up to this number of texts.
        case texts(Int, any WritableKeyPath<ChatParameters, [String]?> & Sendable)
    }

    let name: StaticString
    let value: Value
    let description: String?

    private init(_ name: StaticString, _ value: Value, _ description: String? = nil) {
        self.name = name
        self.value = value
        self.description = description
    }

    static let all = [
        ChatParameter("stream", .flag(\.stream)),
        ChatParameter(
            "store",
            .flag(\.store),
            "Whether to store the messages and the answer as a conversation of the caller."
        ),
        ChatParameter("max_tokens", .integer(1...1_000_000, \.maxTokens)),
        ChatParameter("max_completion_tokens", .integer(1...1_000_000, \.maxCompletionTokens)),
        ChatParameter("n", .integer(1...1, \.choices)),
        ChatParameter("stop", .texts(4, \.options.stop), "Empty texts are ignored."),
        ChatParameter("seed", .integer(Int.min...Int.max, \.options.seed)),
        ChatParameter("temperature", .decimal(0...2, \.options.temperature)),
        ChatParameter("top_p", .decimal(0...1, \.options.topP)),
        ChatParameter("top_k", .integer(0...1_000_000, \.options.topK)),
        ChatParameter("min_p", .decimal(0...1, \.options.minP)),
        ChatParameter("frequency_penalty", .decimal(-2...2, \.options.frequencyPenalty)),
        ChatParameter("presence_penalty", .decimal(-2...2, \.options.presencePenalty)),
        ChatParameter("logprobs", .flag(\.options.logprobs)),
        ChatParameter("top_logprobs", .integer(0...20, \.options.topLogprobs), "Only with `logprobs`."),
        ChatParameter("parallel_tool_calls", .flag(\.options.parallelToolCalls)),
        ChatParameter("reasoning_effort", .text(\.options.reasoningEffort)),
    ]

    /// The parameter with a name, if there is one.
    static func named(_ name: JSONScanner.Name) -> ChatParameter? {
        all.first { $0.name ~= name }
    }

    /// Reads the value; `null` and an empty string leave it unset.
    func read(_ reader: ParameterReader, _ json: inout JSONScanner, into parameters: inout ChatParameters) throws {
        switch value {
        case .integer(let range, let path):
            parameters[keyPath: path] = try reader.integer("\(name)", &json, in: range)
        case .decimal(let range, let path):
            parameters[keyPath: path] = try reader.decimal("\(name)", &json, in: range)
        case .flag(let path): parameters[keyPath: path] = try reader.flag("\(name)", &json)
        case .text(let path): parameters[keyPath: path] = try reader.text("\(name)", &json)
        case .texts(let limit, let path):
            parameters[keyPath: path] = try reader.texts("\(name)", &json, upTo: limit)
        }
    }

    /// The property in the OpenAPI document.
    var property: Schema.Property { .optional("\(name)", .omittable(schema), description) }

    private var schema: Schema {
        switch value {
        case .integer(let range, _): .integer(range)
        case .decimal(let range, _): .decimal(range)
        case .flag: .boolean
        case .text: .string
        case .texts(let limit, _):
            .anyOf([
                .string(.init(length: 1...1000)),
                .array(.nullable(.string(.init(length: 0...1000))), count: 0...limit),
            ])
        }
    }
}
