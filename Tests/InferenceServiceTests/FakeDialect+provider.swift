import HTTP
import TestSupport

@testable import InferenceService

extension FakeDialect {
    /// A provider at a URL.
    func provider(at url: String, client: HTTPClient) throws -> any Provider {
        switch self {
        case .ollama:
            return try OllamaProvider(url: url, isConfigured: true, windowLimit: 8192, client: client)
        case .openAI:
            let setting = "OPENAI_BASE_URL"
            return try OpenAIProvider(
                name: "openai",
                url: url + "/v1",
                setting: setting,
                credential: "a-key",
                client: client
            )
        case .gemini: return try GeminiProvider(url: url, key: "a-key", client: client)
        case .anthropic: return try AnthropicProvider(url: url, key: "a-key", client: client)
        }
    }
}
