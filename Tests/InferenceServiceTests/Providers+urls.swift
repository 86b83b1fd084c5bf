import HTTP

@testable import InferenceService

/// Providers of servers that have little more than a URL.
extension OllamaProvider {
    init(url: String, isConfigured: Bool, windowLimit: Int, client: HTTPClient) throws {
        var server = try ServerConfiguration(name: "ollama", kind: .ollama, url: url, setting: "OLLAMA_BASE_URL")
        server.isConfigured = isConfigured
        server.windowLimit = windowLimit
        try self.init(server: server, client: client)
    }
}

extension GeminiProvider {
    init(
        url: String,
        key: String?,
        version: GeminiVersion = .v1beta,
        inlineLimit: Int = inlineLimit,
        client: HTTPClient
    ) throws {
        var server = try ServerConfiguration(
            name: "gemini",
            kind: .gemini,
            url: url,
            setting: "GEMINI_BASE_URL",
            apiVersion: version.rawValue
        )
        server.keys = key.map { [$0] } ?? []
        try self.init(server: server, inlineLimit: inlineLimit, client: client)
    }
}

extension OpenAIProvider {
    convenience init(
        name: String,
        url: String,
        setting: String,
        credential: String?,
        models: [ListedModel]? = nil,
        client: HTTPClient
    ) throws {
        var server = try ServerConfiguration(name: name, kind: .openAI, url: url, setting: setting)
        server.keys = credential.map { [$0] } ?? []
        server.models = models
        try self.init(server: server, client: client)
    }
}

extension AnthropicProvider {
    init(url: String, key: String?, client: HTTPClient) throws {
        var server = try ServerConfiguration(
            name: "anthropic",
            kind: .anthropic,
            url: url,
            setting: "ANTHROPIC_BASE_URL"
        )
        server.keys = key.map { [$0] } ?? []
        try self.init(server: server, client: client)
    }
}
