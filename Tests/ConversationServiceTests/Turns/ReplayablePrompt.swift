import Contracts
import Foundation
import Testing

/// The rules of providers for messages with tool calls; a request that breaks one is rejected.
enum ReplayablePrompt {
    /// Expects that every provider accepts the messages.
    static func check(_ messages: [Inference.Message], location: SourceLocation = #_sourceLocation) {
        var open: Set<String> = []
        for message in messages {
            if message.role == .tool {
                let isAnswered = open.remove(message.toolCallID ?? "") != nil
                #expect(isAnswered, "A result without its call", sourceLocation: location)
                #expect(!message.text.isEmpty && !message.text.utf8.contains(0), sourceLocation: location)
                continue
            }
            #expect(open.isEmpty, "Calls without results: \(open)", sourceLocation: location)
            let calls = message.toolCalls ?? []
            open = Set(calls.map(\.id))
            #expect(open.count == calls.count, "Repeated identifiers", sourceLocation: location)
            for call in calls { check(call, location) }
        }
        #expect(open.isEmpty, sourceLocation: location)
    }

    private static func check(_ call: Inference.ToolCall, _ location: SourceLocation) {
        #expect((1...40).contains(call.id.utf8.count) && call.id.allSatisfy(\.isASCII), sourceLocation: location)
        let name = call.function.name
        let isName = name.wholeMatch(of: /[A-Za-z_][A-Za-z0-9_-]{0,63}/) != nil
        #expect(isName, "\(name)", sourceLocation: location)
        let arguments = call.function.arguments
        #expect(isObject(arguments), "\(arguments.prefix(200))", sourceLocation: location)
        #expect(arguments.utf8.count <= 128 * 1024, sourceLocation: location)
    }

    /// Whether a text is a JSON object without NUL and without half a surrogate pair.
    static func isObject(_ text: String) -> Bool {
        do {
            let object = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
            return object.map { !"\($0)".utf8.contains(0) } ?? false
        } catch {
            return false
        }
    }
}
