import Contracts
import Foundation
import NIOCore
import NIOFoundationCompat

/// What the demo model does: it calls a tool, or it says something, as JSON if that is asked for; pure.
enum DemoResponse: Equatable {
    case text(String)
    case call(id: String, name: String, arguments: String)

    init(_ prompt: Prompt, _ messages: [Inference.Message]) {
        if let call = Self.call(prompt, messages) {
            self = call
            return
        }
        let reply = DemoReply(messages: messages, seed: prompt.options.seed ?? 0).text
        self = .text(Self.formatted(reply, as: prompt.responseFormat, messages))
    }

    /// The tool that the choice or the message asks for; after a tool's answer only one that must be called.
    private static func call(_ prompt: Prompt, _ messages: [Inference.Message]) -> DemoResponse? {
        let tools = tools(in: prompt.tools)
        let message = DemoMessage(messages.last { $0.role == .user }?.text ?? "")
        let best = tools.map { ($0, $0.fit(message)) }.max { $0.1 < $1.1 }.flatMap { best in
            // Of several that fit as well, the first.
            tools.first { $0.fit(message) == best.1 }.map { (tool: $0, fit: best.1) }
        }
        let tool: DemoTool?
        switch ToolChoice(prompt.toolChoice) {
        case .none: tool = nil
        case .named(let name): tool = tools.first { $0.name == name }
        case .required: tool = best?.tool
        case .auto: tool = messages.last?.role == .user && (best?.fit ?? 0) > 0 ? best?.tool : nil
        }
        guard let tool else { return nil }
        var filler = DemoInstanceGenerator(message, schema: tool.parameters)
        let filled = filler.fill()
        // Arguments are an object, whatever the declaration says.
        let arguments = if case .object = filled { filled.json } else { "{}" }
        return .call(id: id(of: tool.name, arguments, messages.count), name: tool.name, arguments: arguments)
    }

    private static func tools(in json: ByteBuffer?) -> [DemoTool] {
        guard let json else { return [] }
        // A declaration that cannot be read is one that is not there.
        do { return try JSONDecoder().decode([Readable].self, from: json).compactMap(\.tool) } catch { return [] }
    }

    private struct Readable: Decodable {
        var tool: DemoTool?

        init(from decoder: any Decoder) throws {
            do { tool = try DemoTool(from: decoder) } catch {}
        }
    }

    /// The same for the same call at the same place of a conversation.
    private static func id(of name: String, _ arguments: String, _ place: Int) -> String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in "\(place) \(name) \(arguments)".utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return "call_" + String(hash, radix: 36)
    }

    private struct Format: Decodable {
        struct Named: Decodable {
            var schema: DemoSchema?
        }

        var type: String
        var json_schema: Named?
    }

    /// The reply as the JSON that is asked for: in an object of its own, or in what a schema has room for.
    private static func formatted(
        _ reply: String,
        as format: ByteBuffer?,
        _ messages: [Inference.Message]
    ) -> String {
        var wanted: Format?
        // A format that cannot be read asks for nothing.
        do { wanted = try format.map { try JSONDecoder().decode(Format.self, from: $0) } } catch {}
        switch wanted?.type {
        case "json_schema":
            let message = DemoMessage(messages.last { $0.role == .user }?.text ?? "")
            var filler = DemoInstanceGenerator(message, schema: wanted?.json_schema?.schema ?? DemoSchema())
            return filler.fill().json
        case "json_object":
            return DemoValue.object([
                .init(name: "reply", value: .text(reply)), .init(name: "model", value: .text("demo/demo")),
            ]).json
        default: return reply
        }
    }
}
