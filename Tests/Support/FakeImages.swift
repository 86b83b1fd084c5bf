import Foundation

/// Runs `body` with a fake of OpenAI's images API on a free port; its URL ends with `/v1` in the SDKs.
///
/// Models whose name begins with `gpt-image` return the image itself, all others its address.
package func withFakeImages<Result>(
    key: String,
    _ body: (FakeServer) async throws -> Result
) async throws -> Result {
    try await withFakeServer(
        mainPath: "/v1/images/generations",
        scripts: [
            "/v1/images/generations": { FakeImages(key: key).generate($0) },
            "/v1/models": {
                FakeImages(key: key).refusal($0) ?? .openAIModels(["dall-e-2", "dall-e-3", "gpt-image-1"])
            },
        ],
        body
    )
}

/// The responses of OpenAI's images API, byte for byte.
package struct FakeImages: Sendable {
    /// The address of each image.
    package static let address =
        "https://oaidalleapiprodscus.blob.core.windows.net/private/org-0/user-0/img-0.png?st=2026-11-29T11%3A00%3A00Z"
        + "&sp=r&sv=2024-08-04&sr=b&rscd=inline&rsct=image/png&sig=nJ0%2BzP0%3D"
    /// A PNG of one pixel, in base64.
    package static let image =
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

    private static let sizes = [
        "dall-e-2": ["256x256", "512x512", "1024x1024"], "dall-e-3": ["1024x1024", "1792x1024", "1024x1792"],
        "gpt-image-1": ["1024x1024", "1536x1024", "1024x1536", "auto"],
    ]

    let key: String

    private struct Body: Decodable {
        var model: String?
        var prompt: String?
        var n: Int?
        var size: String?
        var response_format: String?
    }

    /// `POST /v1/images/generations`.
    func generate(_ request: FakeRequest) -> FakeResponse {
        if let refusal = refusal(request) { return refusal }
        let body: Body
        do {
            body = try JSONDecoder().decode(Body.self, from: Data(request.body.utf8))
        } catch {
            return .openAIError(400, "We could not parse the JSON body of your request.")
        }
        guard let prompt = body.prompt, !prompt.isEmpty else {
            return .openAIError(400, "Missing required parameter: 'prompt'.", param: "prompt")
        }
        let model = body.model ?? "dall-e-2"
        let returnsImage = model.hasPrefix("gpt-image")
        if let sizes = Self.sizes[model], let size = body.size, !sizes.contains(size) {
            return .openAIError(400, "Invalid value: '\(size)'.", param: "size", code: "invalid_value")
        }
        guard !returnsImage || body.response_format == nil else {
            return .openAIError(400, "Unknown parameter: 'response_format'.", code: "unknown_parameter")
        }
        if prompt.contains("violence") {
            let message = "Your request was rejected as a result of our safety system."
            return .openAIError(400, message, type: "image_generation_user_error", code: "content_policy_violation")
        }
        let member =
            returnsImage || body.response_format == "b64_json"
            ? "\"b64_json\": \"\(Self.image)\"" : "\"url\": \"\(Self.address)\""
        return .openAI("{\n  \"created\": 1795956667,\n  \"data\": [\n    {\n      \(member)\n    }\n  ]\n}\n")
    }

    func refusal(_ request: FakeRequest) -> FakeResponse? {
        guard request.headers["authorization"] != "Bearer \(key)" else { return nil }
        let message = "Incorrect API key provided: \(request.headers["authorization"] ?? "")."
        return .openAIError(401, message, code: "invalid_api_key")
    }
}
