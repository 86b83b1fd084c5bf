import Foundation

/// A request's body as Google's servers read it: names in either spelling, and none that they do not know.
struct FakeGeminiBody {
    typealias Object = [String: Any]

    private static let names: [String: Set<String>] = [
        "": [
            "model", "contents", "systemInstruction", "tools", "toolConfig", "generationConfig", "safetySettings",
            "cachedContent", "serviceTier", "store", "requests", "content", "taskType", "title", "outputDimensionality",
            "continuationToken", "labels", "generateContentRequest", "embedContentConfig",
        ],
        "parts": [
            "text", "thought", "thoughtSignature", "inlineData", "fileData", "functionCall", "functionResponse",
            "executableCode", "codeExecutionResult", "videoMetadata", "mediaResolution", "partMetadata",
        ],
        "contents": ["role", "parts"],
        "inlineData": ["mimeType", "data", "displayName"],
        "fileData": ["mimeType", "fileUri", "displayName"],
        "functionCall": ["id", "name", "args"],
        "functionResponse": ["id", "name", "response", "parts", "willContinue", "scheduling"],
        "tools": ["functionDeclarations", "googleSearch", "codeExecution", "urlContext", "googleMaps", "fileSearch"],
        "functionDeclarations": [
            "name", "description", "parameters", "parametersJsonSchema", "response", "responseJsonSchema", "behavior",
        ],
        "toolConfig": ["functionCallingConfig", "retrievalConfig", "includeServerSideToolInvocations"],
        "functionCallingConfig": ["mode", "allowedFunctionNames"],
        "generationConfig": [
            "temperature", "topP", "topK", "candidateCount", "maxOutputTokens", "stopSequences", "responseMimeType",
            "responseSchema", "responseJsonSchema", "seed", "presencePenalty", "frequencyPenalty", "responseLogprobs",
            "logprobs", "responseModalities", "thinkingConfig", "speechConfig", "mediaResolution", "imageConfig",
            "enableEnhancedCivicAnswers",
        ],
        "thinkingConfig": ["includeThoughts", "thinkingBudget", "thinkingLevel"],
    ]
    /// What these hold is nobody's business.
    private static let free = [
        "args", "response", "parameters", "parametersJsonSchema", "responseSchema", "responseJsonSchema",
    ]

    let object: Object

    /// Throws what Google says of a body that is none.
    init(_ bytes: [UInt8]) throws {
        let value: Any
        do {
            value = try JSONSerialization.jsonObject(with: Data(bytes))
        } catch {
            throw FakeGeminiRefusal("Invalid JSON payload received. Unexpected token.")
        }
        guard let object = try Self.normal(value, in: "") as? Object else {
            throw FakeGeminiRefusal("Invalid JSON payload received. Unknown name \"\": Root element must be a message.")
        }
        self.object = object
    }

    func member(_ name: String) -> Object? { object[name] as? Object }
    func members(_ name: String) -> [Object] { object[name] as? [Object] ?? [] }

    /// With names in one spelling, and only those that are known.
    private static func normal(_ value: Any, in place: String) throws -> Any {
        if let list = value as? [Any] { return try list.map { try Self.normal($0, in: place) } }
        guard let object = value as? Object else { return value }
        let known = names[alias(place)]
        var normal: Object = [:]
        for (name, value) in object {
            let name = camel(name)
            if let known, !known.contains(name) {
                let path = place.isEmpty ? "" : " at '\(place)'"
                throw FakeGeminiRefusal(
                    "Invalid JSON payload received. Unknown name \"\(name)\"\(path): Cannot find field."
                )
            }
            normal[name] = free.contains(name) ? value : try Self.normal(value, in: name)
        }
        return normal
    }

    private static func alias(_ place: String) -> String {
        switch place {
        case "systemInstruction", "content": "contents"
        case "requests", "generateContentRequest": ""
        default: place
        }
    }

    private static func camel(_ name: String) -> String {
        let words = name.split(separator: "_", omittingEmptySubsequences: false)
        return words.dropFirst().reduce(String(words.first ?? "")) { $0 + $1.prefix(1).uppercased() + $1.dropFirst() }
    }

    /// The answer to `:batchEmbedContents`.
    func embeddings() throws -> String {
        let requests = members("requests")
        guard (1...100).contains(requests.count) else {
            throw FakeGeminiRefusal(
                "* BatchEmbedContentsRequest.requests: at most 100 requests can be in one batch\n"
            )
        }
        let vectors = try requests.map { try Self.vector($0) }
        return "{\n  \"embeddings\": [\n\(vectors.joined(separator: ",\n"))\n  ]\n}\n"
    }

    /// The answer to `:embedContent`.
    func embedding() throws -> String { "{\n  \"embedding\": \(try Self.vector(object))\n}\n" }

    /// A vector that begins with how long the text is.
    private static func vector(_ request: Object) throws -> String {
        let parts = (request["content"] as? Object)?["parts"] as? [Object] ?? []
        let text = parts.compactMap { $0["text"] as? String }.joined()
        guard !text.isEmpty else {
            throw FakeGeminiRefusal("* EmbedContentRequest.content: contents is not specified\n")
        }
        let count = request["outputDimensionality"] as? Int ?? 3072
        let numbers = (0..<count).map { $0 == 0 ? "\(text.utf8.count)" : $0 == 1 ? "-0.0071716" : "0.5" }
        return "    {\n      \"values\": [\n        \(numbers.joined(separator: ",\n        "))\n      ]\n    }"
    }
}
