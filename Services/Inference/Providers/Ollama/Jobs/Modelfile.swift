import Bus
import Contracts
import JSON
import NIOCore

/// The definition of a model that is based on another one, in Ollama's current and legacy formats.
struct Modelfile: Sendable, Hashable {
    private static let systemLimit = 65_536
    private static let parameterLimit = 64

    /// The value of a parameter.
    enum Value: Sendable, Hashable {
        /// A number or a Boolean, as written.
        case plain(String)
        case text(String)
        case texts([String])
    }

    /// The name of the new model.
    var model: String
    /// The name of the base model.
    var base: String
    /// The system prompt.
    var system: String?
    var template: String?
    /// Parameters by name.
    var parameters: [String: Value] = [:]

    /// Validates the parts of a definition; the names must be valid.
    ///
    /// Throws `invalid` with the reason.
    init(model: String, base: String, system: String?, template: String?, parameters: RawJSON?) throws(Fault) {
        self.model = model
        self.base = base
        self.system = try Self.text(system, "system")
        self.template = try Self.text(template, "template")
        guard let parameters, parameters.text != "null" else { return }
        self.parameters = try Self.read(parameters)
    }

    /// The request for Ollama 0.5.5 and later: `{model, from, system, …}`.
    var createRequest: ByteBuffer {
        var json = JSONWriter()
        json.object { json in
            json.field("model", model)
            json.field("from", base)
            if let system { json.field("system", system) }
            if let template { json.field("template", template) }
            if !parameters.isEmpty { json.raw("parameters", parametersAsJSON) }
            json.field("stream", true)
        }
        return json.buffer
    }

    /// The request for earlier versions of Ollama: `{name, modelfile}`.
    var legacyCreateRequest: ByteBuffer {
        var json = JSONWriter()
        json.object { json in
            json.field("name", model)
            json.field("model", model)
            json.field("modelfile", modelfile)
            json.field("stream", true)
        }
        return json.buffer
    }

    /// The text of the Modelfile.
    var modelfile: String {
        var lines = ["FROM \(base)"]
        if let template { lines.append("TEMPLATE \(Self.quoted(template))") }
        if let system { lines.append("SYSTEM \(Self.quoted(system))") }
        for (name, value) in parameters.sorted(by: { $0.key < $1.key }) {
            switch value {
            case .plain(let text): lines.append("PARAMETER \(name) \(text)")
            case .text(let text): lines.append("PARAMETER \(name) \(Self.quoted(text))")
            case .texts(let texts): lines += texts.map { "PARAMETER \(name) \(Self.quoted($0))" }
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Quotes a text.
    ///
    /// Three quotation marks cannot be escaped in a Modelfile, so apostrophes replace them.
    private static func quoted(_ text: String) -> String {
        var text = text.replacing("\"\"\"", with: "'''")
        // Separates a final quotation mark from the three that end the text.
        if text.hasSuffix("\"") { text += " " }
        return "\"\"\"\(text)\"\"\""
    }

    private var parametersAsJSON: ByteBuffer {
        var buffer = ByteBuffer(string: "{")
        for (index, (name, value)) in parameters.sorted(by: { $0.key < $1.key }).enumerated() {
            if index > 0 { buffer.writeStaticString(",") }
            JSONText.write(name, to: &buffer)
            buffer.writeStaticString(":")
            switch value {
            case .plain(let text): buffer.writeString(text)
            case .text(let text): JSONText.write(text, to: &buffer)
            case .texts(let texts):
                buffer.writeStaticString("[")
                for (index, text) in texts.enumerated() {
                    if index > 0 { buffer.writeStaticString(",") }
                    JSONText.write(text, to: &buffer)
                }
                buffer.writeStaticString("]")
            }
        }
        buffer.writeStaticString("}")
        return buffer
    }

    private static func text(_ text: String?, _ name: String) throws(Fault) -> String? {
        guard let text, !text.isEmpty else { return nil }
        guard text.utf8.count <= systemLimit, !text.utf8.contains(0) else {
            throw Fault(.invalid, "\(name) must have at most \(systemLimit) bytes and no NUL.")
        }
        return text
    }
}

extension Modelfile {
    private static func read(_ parameters: RawJSON) throws(Fault) -> [String: Value] {
        guard parameters.text.utf8.count <= systemLimit else {
            throw Fault(.invalid, "parameters has more than \(systemLimit) bytes.")
        }
        let entries: [String: JSONParameter]
        do {
            entries = try BusCoding.decode([String: JSONParameter].self, from: ByteBuffer(string: parameters.text))
        } catch {
            throw Fault(
                .invalid,
                "parameters must be an object whose values are numbers, strings, Booleans and arrays of strings, "
                    + "such as {\"temperature\":0.7,\"stop\":[\"User:\"]}."
            )
        }
        guard entries.count <= parameterLimit, entries.keys.allSatisfy(isName) else {
            throw Fault(
                .invalid,
                "parameters must have at most \(parameterLimit) members, with names of lowercase letters, digits and _."
            )
        }
        return entries.mapValues(\.value)
    }

    private static func isName(_ name: String) -> Bool {
        (1...64).contains(name.utf8.count)
            && name.utf8.allSatisfy {
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) || $0 == UInt8(ascii: "_")
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
            }
    }
}

/// The value of a parameter as JSON.
private struct JSONParameter: Decodable {
    let value: Modelfile.Value

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        do {
            value = .plain(try container.decode(Bool.self) ? "true" : "false")
            return
        } catch DecodingError.typeMismatch {}
        do {
            value = .plain(String(try container.decode(Int.self)))
            return
        } catch {}
        do {
            value = .plain(String(try container.decode(Double.self)))
            return
        } catch DecodingError.typeMismatch {}
        do {
            value = .text(try container.decode(String.self))
        } catch DecodingError.typeMismatch {
            value = .texts(try container.decode([String].self))
        }
    }
}
