import Foundation

/// A request to a fake model, in any dialect, and its reply.
///
/// The reply depends on the request only, so that a test can predict it.
package struct FakeModelTurn: Sendable {
    /// A function that the model may call.
    package struct Tool: Sendable {
        package var name: String
        package var schema: FakeSchema?

        package init(name: String, schema: FakeSchema?) {
            self.name = name
            self.schema = schema
        }
    }

    /// The format of a reply that is not plain text.
    package enum Form: Sendable {
        case json
        case schema(FakeSchema)
    }

    package var model: String
    /// The text of the last message of the user.
    package var text = ""
    /// The media types of its images.
    package var images: [String] = []
    /// The tool results after it.
    package var toolResults: [String] = []
    /// The functions that may be called.
    package var tools: [Tool] = []
    package var callsOneOnly = false
    package var form: Form?
    package var tokenLimit: Int?
    package var stops: [String] = []
    /// Number of words in the request.
    package var promptTokens = 0

    package init(model: String) {
        self.model = model
    }

    /// The reply: text, or tool calls.
    package struct Reply: Sendable {
        /// The text, in the pieces in which it is streamed.
        package var pieces: [String] = []
        package var calls: [Call] = []
        /// Whether the token limit ended it.
        package var isCut = false
        package var promptTokens: Int

        package init(promptTokens: Int) {
            self.promptTokens = promptTokens
        }

        package var text: String { pieces.joined() }
        package var completionTokens: Int { max(1, pieces.count + calls.count * 12) }
    }

    /// A call of a function.
    package struct Call: Sendable {
        package var name: String
        /// A JSON object.
        package var arguments: String

        package init(name: String, arguments: String) {
            self.name = name
            self.arguments = arguments
        }
    }

    package var reply: Reply {
        var reply = Reply(promptTokens: max(1, promptTokens))
        if !tools.isEmpty, toolResults.isEmpty {
            reply.calls = tools.prefix(callsOneOnly ? 1 : tools.count)
                .map { Call(name: $0.name, arguments: $0.schema?.sample() ?? "{}") }
            return reply
        }
        reply.pieces = Self.pieces(of: stopped(said))
        if let tokenLimit, reply.pieces.count > tokenLimit {
            reply.pieces.removeLast(reply.pieces.count - tokenLimit)
            reply.isCut = true
        }
        return reply
    }

    private var said: String {
        switch form {
        case .schema(let schema): return schema.sample()
        case .json: return "{\"heard\":\(text.inJSON)}"
        case nil:
            var said = "The fake \(model) heard: \(text)"
            if !images.isEmpty { said += " It saw \(images.joined(separator: ", "))." }
            if !toolResults.isEmpty { said += " The tools said: \(toolResults.joined(separator: "; "))." }
            return said
        }
    }

    private func stopped(_ said: String) -> String {
        let ends = stops.filter { !$0.isEmpty }.compactMap { said.range(of: $0)?.lowerBound }
        return ends.min().map { String(said[..<$0]) } ?? said
    }

    /// Splits a text into words, each with the space before it.
    private static func pieces(of text: String) -> [String] {
        var pieces: [String] = []
        for character in text {
            if character == " " || pieces.isEmpty { pieces.append("") }
            pieces[pieces.count - 1].append(character)
        }
        return pieces
    }
}

extension String {
    /// The text as a JSON string.
    package var inJSON: String {
        do {
            let encoder = JSONEncoder()
            encoder.outputFormatting = .withoutEscapingSlashes
            return String(decoding: try encoder.encode(self), as: UTF8.self)
        } catch {
            return "\"\""
        }
    }

    /// Number of words.
    package var wordCount: Int { split(whereSeparator: \.isWhitespace).count }
}
