import Foundation

/// A request body as Google's servers parse it: keys in camel case or snake case; unknown keys are errors.
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
    /// Keys whose values are not validated.
    private static let free = [
        "args", "response", "parameters", "parametersJsonSchema", "responseSchema", "responseJsonSchema",
    ]

    let object: Object

    /// Throws the error of Google for an invalid body.
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

    /// The body with keys in camel case; throws for unknown keys.
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

    /// The response to `:batchEmbedContents`.
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

    /// The response to `:embedContent`.
    func embedding() throws -> String { "{\n  \"embedding\": \(try Self.vector(object))\n}\n" }

    /// A vector whose first number is the length of the text.
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
