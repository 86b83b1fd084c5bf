import Foundation

/// What a fake model was asked, in whatever dialect, and what it says to it.
///
/// The reply is made of the question alone, so that a test can foretell every word of it.
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

    /// What the reply has to be, if not plain text.
    package enum Form: Sendable {
        case json
        case schema(FakeSchema)
    }

    package var model: String
    /// The text of the last message of the user.
    package var text = ""
    /// The types of the images in it.
    package var images: [String] = []
    /// What tools said after it.
    package var toolResults: [String] = []
    /// Which functions may be called now.
    package var tools: [Tool] = []
    package var callsOneOnly = false
    package var form: Form?
    package var tokenLimit: Int?
    package var stops: [String] = []
    /// How many words were sent in all.
    package var promptTokens = 0

    package init(model: String) {
        self.model = model
    }

    /// What the model says: text, or calls of tools.
    package struct Reply: Sendable {
        /// The text, in the pieces that it is streamed in.
        package var pieces: [String] = []
        package var calls: [Call] = []
        /// Whether the limit of tokens ended it.
        package var isCut = false
        package var promptTokens: Int

        package init(promptTokens: Int) {
            self.promptTokens = promptTokens
        }

        package var text: String { pieces.joined() }
        package var completionTokens: Int { max(1, pieces.count + calls.count * 12) }
    }

    /// A function that the model wants to be called.
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

    /// A text in words, each with the space before it.
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

    /// How many words it has.
    package var wordCount: Int { split(whereSeparator: \.isWhitespace).count }
}
