import Foundation

/// Runs `body` with a fake Gemini on `port` (default: a free port).
///
/// Without a script it lists models, responds with a greeting, calls the first tool, embeds texts and stores files, and
/// rejects what Google's servers reject. It requires a key; a key that begins with `bad` is invalid.
package func withFakeGemini<Result>(
    port: Int = 0,
    _ body: (FakeServer) async throws -> Result
) async throws -> Result {
    let gemini = FakeGemini()
    return try await withFakeServer(
        mainPath: "/v1beta/models/gemini-2.5-flash:streamGenerateContent",
        port: port,
        scripts: ["*": { gemini.answer($0) }],
        body
    )
}

/// The responses of a fake Gemini.
struct FakeGemini: Sendable {
    private static let pageSize = 50
    /// Maximum size of a request, as at Google.
    private static let sizeLimit = 20_971_520

    private let files = FakeGeminiFiles()

    func answer(_ request: FakeRequest) -> FakeResponse {
        if let refusal = refusal(request) { return refusal }
        let parts = request.path.split(separator: "/").map(String.init)
        if parts.first == "upload" { return files.upload(request) }
        guard parts.count >= 2, ["v1", "v1beta", "v1alpha"].contains(parts[0]) else { return notFound }
        switch (request.method, parts[1], parts.count) {
        case ("GET", "models", 2): return list(request)
        case ("GET", "models", 3): return describe(parts[2], parts[0])
        case ("POST", "models", 3): return post(parts[2], version: parts[0], request)
        case (_, "files", 2...3): return files.answer(request, name: parts.count == 3 ? parts[2] : nil)
        default: return notFound
        }
    }

    private func refusal(_ request: FakeRequest) -> FakeResponse? {
        let key = request.headers["x-goog-api-key"] ?? Self.parameter("key", request)
        guard let key else {
            // The URL of an upload needs no key.
            if request.query.contains("upload_id=") { return nil }
            return .geminiError(
                403,
                "PERMISSION_DENIED",
                "Method doesn't allow unregistered callers (callers without established identity). "
                    + "Please use API Key or other form of API consumer identity to call this API."
            )
        }
        guard key.hasPrefix("bad") else { return nil }
        return .geminiError(
            400,
            "INVALID_ARGUMENT",
            "API key not valid. Please pass a valid API key.",
            details: """
                [
                      {
                        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                        "reason": "API_KEY_INVALID",
                        "domain": "googleapis.com",
                        "metadata": {
                          "service": "generativelanguage.googleapis.com"
                        }
                      },
                      {
                        "@type": "type.googleapis.com/google.rpc.LocalizedMessage",
                        "locale": "en-US",
                        "message": "API key not valid. Please pass a valid API key."
                      }
                    ]
                """
        )
    }

    private var notFound: FakeResponse {
        let page = "<!DOCTYPE html>\n<html lang=en>\n  <title>Error 404 (Not Found)!!1</title>\n"
        let head =
            "HTTP/1.1 404 Not Found\r\nContent-Type: text/html; charset=UTF-8\r\nContent-Length: \(page.utf8.count)\r\n\r\n"
        return FakeResponse(head: head, body: page.utf8)
    }

    private func list(_ request: FakeRequest) -> FakeResponse {
        let size = max(1, Self.parameter("pageSize", request).flatMap { Int($0) } ?? Self.pageSize)
        let token = Self.parameter("pageToken", request)
        let start = token.flatMap { $0.hasPrefix("Page=") ? Int($0.dropFirst(5)) : nil } ?? 0
        let all = FakeGeminiModel.all
        let page = all.dropFirst(start).prefix(size).map(\.text)
        let next = start + size < all.count ? ",\n  \"nextPageToken\": \"Page=\(start + size)\"" : ""
        return .json(200, "{\n  \"models\": [\n\(page.joined(separator: ",\n"))\n  ]\(next)\n}\n")
    }

    private func describe(_ name: String, _ version: String) -> FakeResponse {
        FakeGeminiModel.all.first { $0.name == name }.map { .json(200, $0.text + "\n") } ?? missing(name, version, "")
    }

    private func missing(_ model: String, _ version: String, _ method: String) -> FakeResponse {
        .geminiError(
            404,
            "NOT_FOUND",
            "models/\(model) is not found for API version \(version)"
                + (method.isEmpty ? "." : ", or is not supported for \(method).")
                + " Call ListModels to see the list of available models and their supported methods."
        )
    }

    private func post(_ resource: String, version: String, _ request: FakeRequest) -> FakeResponse {
        let words = resource.split(separator: ":", maxSplits: 1).map(String.init)
        guard words.count == 2 else { return notFound }
        let (name, method) = (words[0], words[1])
        let supported = method == "streamGenerateContent" ? "generateContent" : method
        guard let model = FakeGeminiModel.all.first(where: { $0.name == name }),
            model.methods.contains(supported == "batchEmbedContents" ? "embedContent" : supported)
        else { return missing(name, version, supported) }
        guard request.bytes.count <= Self.sizeLimit else {
            let sentence = "Request payload size exceeds the limit: \(Self.sizeLimit) bytes."
            return .geminiError(400, "INVALID_ARGUMENT", sentence)
        }
        do {
            let body = try FakeGeminiBody(request.bytes)
            switch method {
            case "streamGenerateContent":
                let chunks = try FakeGeminiTurn(body, model: model, files: files).chunks
                let isEventStream = Self.parameter("alt", request) == "sse"
                return isEventStream ? .gemini(chunks: chunks) : .geminiArray(chunks: chunks)
            case "generateContent":
                return .json(200, try FakeGeminiTurn(body, model: model, files: files).whole)
            case "batchEmbedContents": return .json(200, try body.embeddings())
            case "embedContent": return .json(200, try body.embedding())
            case "countTokens": return .json(200, "{\n  \"totalTokens\": \(request.bytes.count / 8 + 1)\n}\n")
            default: return notFound
            }
        } catch let refusal as FakeGeminiRefusal {
            return .geminiError(400, "INVALID_ARGUMENT", refusal.message)
        } catch {
            return .geminiError(500, "INTERNAL", "An internal error has occurred. Please retry.")
        }
    }

    static func parameter(_ name: String, _ request: FakeRequest) -> String? {
        for pair in request.query.split(separator: "&") where pair.hasPrefix(name + "=") {
            return String(pair.dropFirst(name.count + 1)).removingPercentEncoding
        }
        return nil
    }
}

/// An error response of a fake Gemini.
struct FakeGeminiRefusal: Error {
    let message: String

    init(_ message: String) {
        self.message = message
    }
}

/// A model in the list of models.
struct FakeGeminiModel: Sendable {
    let name: String
    let title: String
    var input = 1_048_576
    var output = 65_536
    var methods = ["generateContent", "countTokens", "createCachedContent", "batchGenerateContent"]
    var isThinking = false
    var isStrict = false

    static let all = [
        FakeGeminiModel(
            name: "gemini-embedding-001",
            title: "Gemini Embedding 001",
            input: 2048,
            output: 1,
            methods: ["embedContent", "countTextTokens"]
        ),
        FakeGeminiModel(name: "gemini-2.5-pro", title: "Gemini 2.5 Pro", isThinking: true),
        FakeGeminiModel(name: "gemini-2.5-flash", title: "Gemini 2.5 Flash", isThinking: true),
        FakeGeminiModel(name: "gemini-2.0-flash", title: "Gemini 2.0 Flash", output: 8192),
        FakeGeminiModel(name: "gemini-2.5-flash-image", title: "Nano Banana", input: 32_768, output: 32_768),
        FakeGeminiModel(name: "gemini-2.5-flash-preview-tts", title: "Gemini 2.5 Flash Preview TTS", input: 8192),
        FakeGeminiModel(name: "gemini-3-pro-preview", title: "Gemini 3 Pro Preview", isThinking: true, isStrict: true),
        FakeGeminiModel(name: "gemma-3-27b-it", title: "Gemma 3 27B", input: 131_072, output: 8192),
        FakeGeminiModel(
            name: "imagen-4.0-generate-001",
            title: "Imagen 4",
            input: 480,
            output: 8192,
            methods: ["predict"]
        ),
    ]

    var text: String {
        let methods = methods.map { "        \"\($0)\"" }.joined(separator: ",\n")
        return """
                {
                  "name": "models/\(name)",
                  "version": "001",
                  "displayName": "\(title)",
                  "description": "A model of the fake.",
                  "inputTokenLimit": \(input),
                  "outputTokenLimit": \(output),
                  "supportedGenerationMethods": [
            \(methods)
                  ],
                  "temperature": 1,
                  "topP": 0.95,
                  "topK": 64\(isThinking ? ",\n      \"maxTemperature\": 2,\n      \"thinking\": true" : "")
                }
            """
    }
}
