import Contracts
import JSON
import NIOCore

/// The tools of a request, the choice among them and the format of the answer, parsed once.
///
/// Each API format writes it in its own words. ``declarations``, ``choiceJSON`` and ``formatJSON`` are the members in
/// OpenAI's format.
struct ToolPlan: Sendable, Equatable {
    /// Maximum depth of the JSON that is checked; a deeper schema is the provider's to judge.
    private static let depthLimit = 512

    private(set) var tools: [Tool] = []
    /// Whether an entry of the tools is not a function with a name.
    private(set) var hasOtherTools = false
    private(set) var choice = ToolChoice.auto
    /// Whether the model may call several tools at once (default: the provider's).
    private(set) var allowsParallelCalls: Bool?
    private(set) var format = ResponseFormat.text
    /// The tools as an array; `nil` if there are none.
    private(set) var declarations: ByteBuffer?
    /// The choice; `nil` if the request names none.
    private(set) var choiceJSON: ByteBuffer?
    /// The response format; `nil` if the request names none.
    private(set) var formatJSON: ByteBuffer?

    init() {}

    /// Reads the members of a request.
    ///
    /// Throws `invalid` for a member that is not in OpenAI's format, and for a choice of a tool that is not declared.
    init(
        tools: ByteBuffer?,
        choice: ByteBuffer? = nil,
        format: ByteBuffer? = nil,
        allowsParallelCalls: Bool? = nil
    ) throws(Fault) {
        declarations = Self.given(tools)
        choiceJSON = Self.given(choice)
        formatJSON = Self.given(format)
        self.allowsParallelCalls = allowsParallelCalls
        if let declarations {
            try Self.read(declarations, "tools") { json in try json.array { try readTool(&$0, declarations) } }
        }
        if let choiceJSON {
            try Self.read(choiceJSON, "toolChoice") { json in self.choice = try ToolChoice(from: &json) }
        }
        if let formatJSON {
            try Self.read(formatJSON, "responseFormat") { json in
                self.format = try ResponseFormat(from: &json, in: formatJSON)
            }
        }
        if self.tools.isEmpty, !hasOtherTools { declarations = nil }
        try checkChoice()
    }

    /// The size of the members, in bytes.
    var byteCount: Int {
        [declarations, choiceJSON, formatJSON].reduce(0) { $0 + ($1?.readableBytes ?? 0) }
    }

    /// Whether the request has a tool and permits calls.
    var mayCallTools: Bool { declarations != nil && choice != .none }

    /// The tools that remain after the choice, for a provider without choices.
    var callable: [Tool] {
        switch choice {
        case .none: []
        case .auto, .required, .other: tools
        case .named(let name): tools.filter { $0.name == name }
        case .allowed(let names, _):
            names.count == 1 ? tools.filter { $0.name == names[0] } : tools.filter(Set(names).containsName(of:))
        }
    }

    /// The tools that remain after the choice, as an array in OpenAI's format; `nil` if there are none.
    var callableJSON: ByteBuffer? {
        switch choice {
        case .auto, .required, .other: return declarations
        case .none, .named, .allowed:
            let callable = callable
            return callable.isEmpty ? nil : Self.array(of: callable)
        }
    }

    /// The same plan with other names of tools.
    func renamed(_ name: (String) -> String) -> ToolPlan {
        var plan = self
        plan.tools = tools.map { $0.renamed(name($0.name)) }
        guard plan.tools != tools else { return self }
        plan.declarations = Self.array(of: plan.tools)
        switch choice {
        case .named(let chosen):
            plan.choice = .named(name(chosen))
            plan.choiceJSON = Self.function(name(chosen))
        case .allowed(let names, let isRequired):
            plan.choice = .allowed(names.map(name), isRequired: isRequired)
            plan.choiceJSON = Self.allowed(names.map(name), isRequired: isRequired)
        case .auto, .none, .required, .other: break
        }
        return plan
    }

    private mutating func readTool(_ json: inout JSONScanner, _ declarations: ByteBuffer) throws {
        let raw = try json.raw()
        let slice = declarations.getSlice(at: declarations.readerIndex + raw.startIndex, length: raw.count)
        if let tool = try Tool(slice ?? ByteBuffer()) { tools.append(tool) } else { hasOtherTools = true }
    }

    private func checkChoice() throws(Fault) {
        guard !tools.isEmpty, !hasOtherTools else { return }
        let names: [String] =
            switch choice {
            case .named(let name): [name]
            case .allowed(let names, _): names
            case .auto, .none, .required, .other: []
            }
        guard !names.isEmpty else { return }
        let declared = Set(tools.map(\.name))
        guard let unknown = names.first(where: { !declared.contains($0) }) else { return }
        throw Fault(
            .invalid,
            "toolChoice names the tool \(unknown.prefix(bytes: 128)), which is not one of the tools of the request."
        )
    }

    /// A member that has a value.
    private static func given(_ json: ByteBuffer?) -> ByteBuffer? {
        guard let json, !json.readableBytesView.elementsEqual("null".utf8) else { return nil }
        return json
    }

    private static func read(
        _ bytes: ByteBuffer,
        _ name: String,
        _ body: (inout JSONScanner) throws -> Void
    ) throws(Fault) {
        do {
            try bytes.withUnsafeReadableBytes { bytes in
                try checkSyntax(bytes)
                var json = JSONScanner(bytes)
                try body(&json)
                try json.end()
            }
        } catch {
            throw Fault(.invalid, "\(name) is not in OpenAI's format.")
        }
    }

    /// Checks what the scanner skips: the texts are passed on as parts of another request.
    private static func checkSyntax(_ bytes: UnsafeRawBufferPointer) throws {
        let rules = JSONValidation(depthLimit: depthLimit, allowsDuplicateKeys: true, allowsNUL: true)
        do {
            try rules.check(bytes)
        } catch .tooDeep, .invalidEscape, .duplicateKey {
            return
        }
    }

    private static func array(of tools: [Tool]) -> ByteBuffer {
        var list = ByteBuffer(string: "[")
        for (index, tool) in tools.enumerated() {
            if index > 0 { list.writeStaticString(",") }
            list.writeImmutableBuffer(tool.declaration)
        }
        list.writeStaticString("]")
        return list
    }

    private static func function(_ name: String) -> ByteBuffer {
        var json = JSONWriter()
        json.object { write(name, to: &$0) }
        return json.buffer
    }

    private static func allowed(_ names: [String], isRequired: Bool) -> ByteBuffer {
        var json = JSONWriter()
        json.object { json in
            json.field("type", "allowed_tools")
            json.object("allowed_tools") { json in
                json.field("mode", isRequired ? "required" : "auto")
                json.array("tools", names) { json, name in json.object { write(name, to: &$0) } }
            }
        }
        return json.buffer
    }

    private static func write(_ name: String, to json: inout JSONWriter) {
        json.field("type", "function")
        json.object("function") { $0.field("name", name) }
    }
}

extension Set<String> {
    fileprivate func containsName(of tool: Tool) -> Bool { contains(tool.name) }
}
