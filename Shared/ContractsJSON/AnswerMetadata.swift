package import Contracts
internal import JSON
import NIOCore

/// The parts of an answer within its `extra_content`, for clients of OpenAI's API: `{"parley":{"model","parts"}}`.
///
/// A client that sends the answer back unchanged, with its `reasoning_content`, returns all that its provider needs.
package struct AnswerMetadata: Equatable {
    package var model: String
    package var parts: [Inference.AnswerPart]

    package init(model: String, parts: [Inference.AnswerPart]) {
        self.model = model
        self.parts = parts
    }

    /// Reads the metadata of a message; `nil` if it contains no valid parts.
    package init?(_ metadata: RawJSON) {
        var text = metadata.text
        let found: AnswerMetadata? = text.withUTF8 { bytes in
            var json = JSONScanner(UnsafeRawBufferPointer(bytes))
            var model: String?
            var parts: [Inference.AnswerPart]?
            do {
                try json.objectOrSkip { name, json in
                    guard case "parley" = name else { return try json.skip() }
                    try json.objectOrSkip { name, json in
                        switch name {
                        case "model": model = try json.string()
                        case "parts": parts = try json.list()
                        default: try json.skip()
                        }
                    }
                }
            } catch {
                return nil
            }
            guard let model, let parts else { return nil }
            return AnswerMetadata(model: model, parts: parts)
        }
        guard let found else { return nil }
        self = found
    }

    /// The `extra_content` of an answer: its parts, if its provider needs them again, and its own metadata.
    package static func extraContent(of finish: Inference.Finish, parts: [Inference.AnswerPart]?) -> RawJSON? {
        guard let parts, parts.contains(where: { $0.metadata != nil }) else { return finish.metadata }
        return AnswerMetadata(model: finish.model, parts: parts).merged(with: finish.metadata)
    }

    /// Returns metadata that contains this and the members of other metadata.
    func merged(with other: RawJSON?) -> RawJSON {
        var json = JSONWriter()
        json.object { json in
            json.object("parley") { json in
                json.field("model", model)
                json.array("parts", parts) { $1.write(to: &$0) }
            }
        }
        let own = String(buffer: json.buffer)
        guard let other, let rest = Self.members(of: other.text) else { return RawJSON(own) }
        return RawJSON(rest.isEmpty ? own : String(own.dropLast()) + "," + rest + "}")
    }

    /// The text between the braces of an object; `nil` for another value.
    private static func members(of text: String) -> String? {
        let trimmed = text.drop(while: \.isWhitespace)
        guard trimmed.first == "{", let end = trimmed.lastIndex(of: "}") else { return nil }
        let inner = trimmed[trimmed.index(after: trimmed.startIndex)..<end]
        return inner.allSatisfy(\.isWhitespace) ? "" : String(inner)
    }
}
