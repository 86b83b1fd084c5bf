import Contracts
import JSON

/// Writes the tools and the choice among them in Gemini's format; schemas are passed unchanged.
struct GeminiTools: Sendable {
    private let tools: [Tool]
    /// `AUTO`, `NONE` or `ANY`; `nil` for Gemini's default.
    private let mode: String?
    /// The names of the tools of which one must be called; empty for all.
    private let required: [String]

    /// Throws a ``ProviderError`` for tools and choices that Gemini does not have.
    init(_ plan: ToolPlan) throws {
        guard !plan.hasOtherTools else {
            throw Self.unsupported("Gemini supports only tools of the type function, each with a name.")
        }
        var (tools, mode, required) = (plan.tools, String?.none, [String]())
        switch plan.choice {
        case .auto: mode = plan.choiceJSON == nil ? nil : "AUTO"
        case .none: mode = "NONE"
        case .required: mode = "ANY"
        case .named(let name): (mode, required) = ("ANY", [name])
        case .allowed(let names, isRequired: true): (mode, required) = ("ANY", names)
        // Gemini has names only for required calls.
        case .allowed(_, isRequired: false): (mode, tools) = ("AUTO", plan.callable)
        case .other:
            throw Self.unsupported("Gemini supports the tool choices auto, none, required and one function.")
        }
        // Gemini rejects tools together with an answer in JSON, even if it may not call them.
        if plan.choice == .none, plan.format.isJSON { tools = [] }
        self.tools = tools
        self.mode = mode
        self.required = required
    }

    /// Whether the request has tools.
    var isEmpty: Bool { tools.isEmpty }

    private static func unsupported(_ message: String) -> ProviderError {
        ProviderError(.unsupported, Fault(.invalid, message))
    }

    /// Writes the members `tools` and `toolConfig`, if there are tools.
    func write(to json: inout JSONWriter) {
        guard !tools.isEmpty else { return }
        json.array("tools", [tools]) { json, tools in
            json.object { json in
                json.array("functionDeclarations", tools) { json, tool in
                    json.object { json in
                        json.field("name", tool.name)
                        if let description = tool.description { json.field("description", description) }
                        if let parameters = tool.parameters { json.raw("parametersJsonSchema", parameters) }
                    }
                }
            }
        }
        guard let mode else { return }
        json.object("toolConfig") { json in
            json.object("functionCallingConfig") { json in
                json.field("mode", mode)
                if !required.isEmpty { json.array("allowedFunctionNames", required) { $0.text($1) } }
            }
        }
    }
}
