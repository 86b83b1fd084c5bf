import Contracts
import NIOCore

/// What the demo model generates: a call of a tool, or a text, which is JSON if the request asks for it.
///
/// A pure function of the request, whose cost is proportional to the size of the request and bounded for what is generated.
enum DemoResponse: Equatable {
    case text(String)
    case call(id: String, name: String, arguments: String)

    /// Throws `invalid` for a schema that exceeds the limits of ``DemoSchema`` or ``DemoInstanceGenerator``.
    init(_ prompt: Prompt, _ messages: [Inference.Message]) throws(Fault) {
        if let call = try Self.call(prompt, messages) {
            self = call
            return
        }
        let reply = DemoReply(messages: messages, seed: prompt.options.seed ?? 0).text
        self = .text(try Self.formatted(reply, as: prompt.plan.format, messages))
    }

    /// A call of the tool that the choice or the message asks for; after a tool's result only of a required tool.
    private static func call(_ prompt: Prompt, _ messages: [Inference.Message]) throws(Fault) -> DemoResponse? {
        let tools = try DemoTool.all(in: prompt.plan)
        guard !tools.isEmpty else { return nil }
        let call: DemoToolCall?
        switch prompt.plan.choice {
        case .none: call = nil
        case .named(let name): call = DemoToolCall(tools.filter { $0.name == name }, messages)
        case .required: call = DemoToolCall(tools, messages)
        case .allowed(let names, isRequired: true):
            call = DemoToolCall(tools.filter { names.contains($0.name) }, messages)
        case .allowed(let names, isRequired: false):
            let allowed = tools.filter { names.contains($0.name) }
            call = messages.last?.role == .user ? DemoToolCall(wantedBy: messages, allowed) : nil
        case .auto, .other: call = messages.last?.role == .user ? DemoToolCall(wantedBy: messages, tools) : nil
        }
        guard let call else { return nil }
        let tool = call.tool
        let label = "the parameters of the tool \(tool.name)"
        let instance = try instance(of: tool.parameters, label: label, from: call.message, texts: call.texts)
        // Arguments must be an object, whatever the schema says.
        let arguments = if case .object = instance { instance.json } else { "{}" }
        return .call(id: id(of: tool.name, arguments, messages.count), name: tool.name, arguments: arguments)
    }

    private static func instance(
        of schema: ByteBuffer,
        label: String,
        from message: DemoMessage,
        texts: [String: String] = [:]
    ) throws(Fault) -> DemoValue {
        let parsed: DemoSchema
        do {
            parsed = try DemoSchema(schema)
        } catch {
            throw Fault(
                .invalid,
                "demo/demo cannot read \(label): a schema has at most \(DemoSchema.sizeLimit) bytes, "
                    + "\(DemoSchema.nodeLimit) subschemas and \(DemoSchema.depthLimit) levels. Simplify the schema."
            )
        }
        var generator = DemoInstanceGenerator(message, schema: parsed, label: label, texts: texts)
        return try generator.generate()
    }

    /// The same identifier for the same call at the same place in a conversation.
    private static func id(of name: String, _ arguments: String, _ place: Int) -> String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in "\(place) \(name) \(arguments)".utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return "call_" + String(hash, radix: 36)
    }

    /// The reply in the requested format: text, an object that contains it, or an instance of a schema.
    private static func formatted(
        _ reply: String,
        as format: ResponseFormat,
        _ messages: [Inference.Message]
    ) throws(Fault) -> String {
        switch format {
        case .schema(let schema):
            let message = DemoMessage(messages.last { $0.role == .user }?.text ?? "")
            let name = schema.name.map { " \($0.prefix(bytes: 64))" } ?? ""
            return try instance(of: schema.json, label: "the response_format schema\(name)", from: message).json
        case .json:
            return DemoValue.object([
                .init(name: "reply", value: .string(reply)), .init(name: "model", value: .string("demo/demo")),
            ]).json
        case .text: return reply
        }
    }
}
