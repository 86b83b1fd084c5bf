import Foundation

/// The reply of a fake Gemini to a conversation.
struct FakeGeminiTurn {
    private typealias Object = FakeGeminiBody.Object

    /// The parts of the reply as JSON, one per chunk.
    private let parts: [[String]]
    private let model: FakeGeminiModel
    private let thoughts: Int?

    /// Throws the error of Google for an invalid conversation.
    init(_ body: FakeGeminiBody, model: FakeGeminiModel, files: FakeGeminiFiles) throws {
        self.model = model
        let contents = body.members("contents")
        try FakeGeminiRules(model: model, files: files).check(body)
        let configuration = body.member("generationConfig") ?? [:]
        let thinking = configuration["thinkingConfig"] as? Object
        var parts: [[String]] = []
        if model.isThinking, thinking?["includeThoughts"] as? Bool == true {
            parts.append([#"{"text": "**Considering the question**\n\nA greeting will do.","thought": true}"#])
            thoughts = 21
        } else {
            thoughts = model.isThinking ? 21 : nil
        }
        let last = contents.last?["parts"] as? [Object] ?? []
        let responses = last.compactMap { $0["functionResponse"] as? Object }
        if responses.isEmpty, let tool = Self.tool(body) {
            let id = model.isStrict ? "\"id\": \"8f2b1a3c\"," : ""
            let call =
                "{\"functionCall\": {\(id)\"name\": \(FakeResponse.jsonText(tool.name)),\"args\": \(tool.arguments)}"
            parts.append([call + (model.isThinking ? ",\"thoughtSignature\": \"\(Self.signature)\"}" : "}")])
        } else {
            parts += Self.pieces(responses, configuration).map { ["{\"text\": \(FakeResponse.jsonText($0))}"] }
            if model.isStrict { parts.append(["{\"text\": \"\",\"thoughtSignature\": \"\(Self.signature)\"}"]) }
        }
        self.parts = parts
    }

    static let signature = "CiQBcsjafNPr7hUn2XqO1v3tTqB9Zg+c0Yw4k8b5lTz/aFsKZAFyyNp8v2k="

    var chunks: [String] {
        parts.enumerated().map { index, parts in
            let isLast = index == self.parts.count - 1
            return FakeResponse.geminiChunk(
                parts: parts,
                finishReason: isLast ? "STOP" : nil,
                usage: isLast
                    ? usage
                    : #"{"promptTokenCount": 8,"totalTokenCount": 8,"promptTokensDetails": [{"modality": "TEXT","tokenCount": 8}]}"#,
                model: model.name
            )
        }
    }

    /// The response to `:generateContent`: texts of one kind are one part.
    var whole: String {
        var merged: [String] = []
        for part in parts.joined() {
            let isPlain = part.hasPrefix("{\"text\": \"") && !part.contains("\"thought")
            if isPlain, let last = merged.last, last.hasPrefix("{\"text\": \""), !last.contains("\"thought") {
                merged[merged.count - 1] = String(last.dropLast(2) + part.dropFirst(10))
            } else {
                merged.append(part)
            }
        }
        let chunk = FakeResponse.geminiChunk(parts: merged, finishReason: "STOP", usage: usage, model: model.name)
        do {
            let value = try JSONSerialization.jsonObject(with: Data(chunk.utf8))
            let data = try JSONSerialization.data(
                withJSONObject: value,
                options: [.prettyPrinted, .withoutEscapingSlashes]
            )
            return String(decoding: data, as: UTF8.self) + "\n"
        } catch {
            return chunk
        }
    }

    private var usage: String {
        let thought = thoughts.map { ",\"thoughtsTokenCount\": \($0)" } ?? ""
        return "{\"promptTokenCount\": 8,\"candidatesTokenCount\": 5,\"totalTokenCount\": \(13 + (thoughts ?? 0)),"
            + "\"promptTokensDetails\": [{\"modality\": \"TEXT\",\"tokenCount\": 8}]\(thought)}"
    }

    private static func pieces(_ responses: [Object], _ configuration: Object) -> [String] {
        if configuration["responseMimeType"] as? String == "application/json" {
            return ["{\"answer\":", " \"Hello\"}"]
        }
        guard !responses.isEmpty else { return ["Hello", " from", " the", " fake", "."] }
        let said = responses.map { response in
            "\(response["name"] as? String ?? "?") said \(text(response["response"] ?? [:]))"
        }
        return ["The tool ", said.joined(separator: " and "), "."]
    }

    private static func text(_ value: Any) -> String {
        do {
            let data = try JSONSerialization.data(
                withJSONObject: value,
                options: [.sortedKeys, .withoutEscapingSlashes]
            )
            return String(decoding: data, as: UTF8.self)
        } catch {
            return "?"
        }
    }

    /// The tool call: the first allowed tool, with a value for each of its parameters.
    private static func tool(_ body: FakeGeminiBody) -> (name: String, arguments: String)? {
        let tools = body.members("tools").flatMap { $0["functionDeclarations"] as? [Object] ?? [] }
        let choice = body.member("toolConfig")?["functionCallingConfig"] as? Object
        guard (choice?["mode"] as? String)?.uppercased() != "NONE" else { return nil }
        let allowed = choice?["allowedFunctionNames"] as? [String]
        let tool = tools.first { tool in
            let name = tool["name"] as? String
            return name != nil && (allowed == nil || allowed?.contains(name ?? "") == true)
        }
        guard let tool, let name = tool["name"] as? String else { return nil }
        let schema = (tool["parametersJsonSchema"] ?? tool["parameters"]) as? Object
        let properties = schema?["properties"] as? [String: Object] ?? [:]
        let arguments = properties.sorted { $0.key < $1.key }.map { name, property in
            let kind = (property["type"] as? String)?.lowercased()
            return
                "\(FakeResponse.jsonText(name)): \(kind == "string" ? "\"Paris\"" : kind == "boolean" ? "true" : "1")"
        }
        return (name, "{\(arguments.joined(separator: ","))}")
    }
}
