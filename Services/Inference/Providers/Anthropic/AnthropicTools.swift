import Contracts
import JSON
import NIOCore

/// The tools, the choice among them and the format of the answer in Anthropic's form.
struct AnthropicTools: Sendable {
    private enum Choice: Equatable {
        case auto
        case any
        case tool(String)
        /// No tool may be called.
        case forbidden

        var type: String {
            switch self {
            case .auto: "auto"
            case .any: "any"
            case .tool: "tool"
            case .forbidden: "none"
            }
        }
    }

    /// A tool with the schema of its arguments.
    private struct Declaration {
        var name: String
        var description: String?
        var schema: ByteBuffer
    }

    private let declarations: [Declaration]
    /// `nil` for Anthropic's default.
    private let choice: Choice?
    private let forbidsParallelCalls: Bool
    /// The schema that the answer is required to match.
    let schema: ByteBuffer?
    /// The instruction about the format, where the API cannot require it.
    let instruction: String?

    /// Throws a ``ProviderError`` for tools and choices that Anthropic does not have.
    ///
    /// - Parameters:
    /// - plan: the tools with names that Anthropic permits.
    /// - traits: the features of the model.
    /// - called: the tools that earlier answers called.
    init(_ plan: ToolPlan, traits: AnthropicModelTraits, called: [String] = []) throws {
        guard !plan.hasOtherTools else {
            throw Self.unsupported("Anthropic supports only tools of the type function, each with a name.")
        }
        var tools = plan.tools
        var choice: Choice?
        let declarations: [Declaration]
        switch plan.choice {
        case .auto: choice = plan.choiceJSON == nil ? nil : .auto
        case .none: choice = .forbidden
        case .required: choice = .any
        case .named(let name): choice = .tool(name)
        case .allowed(_, let isRequired):
            tools = plan.callable
            choice = isRequired ? .any : .auto
        case .other:
            throw Self.unsupported("Anthropic supports the tool choices auto, none, required and one function.")
        }
        if tools.isEmpty {
            // Anthropic rejects earlier calls without declarations.
            declarations = called.map { Declaration(name: $0, schema: Self.emptySchema) }
            choice = called.isEmpty ? nil : .forbidden
        } else {
            declarations = tools.map { tool in
                Declaration(name: tool.name, description: tool.description, schema: Self.schema(tool.parameters))
            }
        }
        let mayCall = !declarations.isEmpty && choice != .forbidden
        let forbidsParallelCalls = plan.allowsParallelCalls == false && mayCall
        if choice == nil, forbidsParallelCalls { choice = .auto }
        self.declarations = declarations
        self.choice = choice
        self.forbidsParallelCalls = forbidsParallelCalls
        let format = plan.formatRequest(withTools: true).format
        let isCall = plan.mayCallTools && plan.choice.requiresCall
        if let wanted = format.schema, traits.supportsSchemas, AnthropicSchema.isSupported(wanted.json) {
            (schema, instruction) = (wanted.json, nil)
        } else {
            (schema, instruction) = (nil, isCall ? nil : format.instruction)
        }
    }

    /// Whether the model must call a tool.
    var isForced: Bool {
        switch choice {
        case .any, .tool: true
        case .auto, .forbidden, nil: false
        }
    }

    /// The size of the tools, in bytes.
    var bytes: Int {
        declarations.reduce(0) { sum, tool in
            sum + tool.name.utf8.count + (tool.description?.utf8.count ?? 0) + tool.schema.readableBytes
        }
    }

    /// Writes the members `tools` and `tool_choice`, if there are tools; a cache entry ends after them if `isCached`.
    func write(to json: inout JSONWriter, isCached: Bool) {
        guard !declarations.isEmpty else { return }
        json.array("tools", Array(declarations.enumerated())) { json, tool in
            json.object { json in
                json.field("name", tool.element.name)
                if let description = tool.element.description, !description.isEmpty {
                    json.field("description", description)
                }
                json.raw("input_schema", tool.element.schema)
                if isCached, tool.offset == declarations.count - 1 { AnthropicCache.mark(&json) }
            }
        }
        guard let choice else { return }
        json.object("tool_choice") { json in
            json.field("type", choice.type)
            if case .tool(let name) = choice { json.field("name", name) }
            if forbidsParallelCalls { json.field("disable_parallel_tool_use", true) }
        }
    }

    private static let emptySchema = ByteBuffer(string: #"{"type":"object","properties":{}}"#)

    /// The schema of arguments, which must have a type.
    private static func schema(_ parameters: ByteBuffer?) -> ByteBuffer {
        guard let parameters else { return emptySchema }
        var hasType = false
        var isEmpty = true
        parameters.withUnsafeReadableBytes { bytes in
            var json = JSONScanner(bytes)
            // The plan has checked the syntax.
            do {
                try json.object { name, json in
                    isEmpty = false
                    if case "type" = name { hasType = true }
                    try json.skip()
                }
            } catch {}
        }
        guard !isEmpty else { return emptySchema }
        guard !hasType else { return parameters }
        var schema = ByteBuffer(string: #"{"type":"object","#)
        let rest = parameters.readableBytesView.drop { $0 != UInt8(ascii: "{") }.dropFirst()
        schema.writeBytes(rest)
        return schema
    }

    private static func unsupported(_ message: String) -> ProviderError {
        ProviderError(.unsupported, Fault(.invalid, message))
    }
}
