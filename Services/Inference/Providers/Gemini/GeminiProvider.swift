import Bus
import Contracts
import Foundation
import HTTP
import NIOCore
import NIOFoundationCompat
import NIOHTTP1

/// Gemini, over its native API.
///
/// Answers are always streamed: what nobody reads along differs only in who gathers it.
struct GeminiProvider: Provider {
    /// How large a request may be, in bytes; what goes beyond it is uploaded before.
    static let inlineLimit = 20_000_000
    /// More models, and more pages of them, are not listed.
    private static let modelLimit = 1000
    private static let pageLimit = 10

    let name = "gemini"
    let isConfigured = true
    var address: String? { client.address }
    private let version: GeminiVersion
    private let inlineLimit: Int
    private let client: ProviderClient
    private let cache = GeminiModelCache()

    /// Gemini at a URL, which comes before `/v1beta`; throws when the URL cannot be read.
    init(
        url: String,
        key: String?,
        version: GeminiVersion = .v1beta,
        inlineLimit: Int = inlineLimit,
        client: HTTPClient
    ) throws {
        self.version = version
        self.inlineLimit = inlineLimit
        self.client = try ProviderClient(
            name: "Gemini",
            url: url,
            setting: "GEMINI_BASE_URL",
            // A header and not part of the URL: URLs are written down in many places.
            credential: key.map { ["x-goog-api-key": $0] } ?? [:],
            client: client,
            parseError: Self.refusal
        )
    }

    func models() async throws -> [Model] {
        var entries: [GeminiModels.Entry] = []
        var query = "?pageSize=\(Self.modelLimit)"
        for _ in 0..<Self.pageLimit where entries.count < Self.modelLimit {
            let answer = try await client.ask(.GET, "/\(version.rawValue)/models\(query)")
            let page = try decode(GeminiModels.self, from: answer, as: "a list of models that is not one")
            entries += page.models ?? []
            guard let token = page.nextPageToken, !token.isEmpty else { break }
            query = "?pageSize=\(Self.modelLimit)&pageToken=\(Self.escaped(token))"
        }
        entries = GeminiModels.sorted(entries.prefix(Self.modelLimit).filter(\.isOfUse))
        cache.replace(entries)
        return entries.map { model($0.bareName, $0) }
    }

    func model(_ model: String) async throws -> Model {
        if cache[model] == nil, cache.mayAsk(for: model) {
            do {
                let answer = try await client.ask(.GET, "/\(version.rawValue)/\(Self.resource(model))", about: model)
                let entry = try decode(GeminiModels.Entry.self, from: answer, as: "a model that is none")
                cache.keep(entry, as: model)
            } catch let error as ProviderError where error.fault.code != .missing {
                // Whoever generates will be told; until then the name says enough.
            }
        }
        return self.model(model, cache[model])
    }

    func generate(_ prompt: Prompt) async throws -> ElementStream<Inference.Event> {
        let deadline = ContinuousClock.now + prompt.responseTimeout
        let family = GeminiModelTraits(model: prompt.model, isThinking: cache[prompt.model].map { $0.thinking == true })
        var request = try GeminiRequest(prompt: prompt, family: family, address: client.address)
        var prompt = prompt
        var body = request.encoded()
        if body.readableBytes > inlineLimit {
            let files = GeminiFiles(client: client, version: version)
            let upload = GeminiUpload(excess: body.readableBytes - inlineLimit, files: files)
            try await upload.moveOut(of: &request.conversation, until: deadline)
            body = request.encoded()
            prompt.responseTimeout = max(.milliseconds(1), deadline - .now)
        }
        let response = try await client.open(
            "/\(version.rawValue)/\(Self.resource(prompt.model)):streamGenerateContent?alt=sse",
            body: body,
            accept: "text/event-stream, application/json",
            for: prompt
        )
        let decoder = GeminiDecoder(name: "\(name)/\(prompt.model)", model: prompt.model, faults: client.faults)
        return ProviderStream(body: response.body, faults: client.faults, decoder: decoder).events
    }

    func embed(_ request: EmbeddingRequest) async throws -> Inference.Embeddings {
        let deadline = ContinuousClock.now + request.responseTimeout
        let resource = Self.resource(request.model)
        var vectors: [String] = []
        var tokens: Int? = 0
        while vectors.count < request.input.count {
            let texts = Array(request.input[vectors.count...].prefix(GeminiEmbeddings.batchLimit))
            let answer = try await client.ask(
                .POST,
                "/\(version.rawValue)/\(resource):batchEmbedContents",
                body: GeminiEmbeddings.body(resource: resource, texts: texts, dimensions: request.dimensions),
                about: request.model,
                within: max(.milliseconds(1), deadline - .now)
            )
            let batch = try decode(GeminiEmbeddings.self, from: answer, as: "embeddings that are none")
            let found = batch.embeddings ?? []
            guard found.count == texts.count, found.allSatisfy({ !$0.values.isEmpty }) else {
                throw client.faults.invalidResponse("\(found.count) vectors for \(texts.count) texts")
            }
            vectors += found.map { EmbeddingVector.base64($0.values) }
            let count = batch.usageMetadata?.promptTokenCount.flatMap { (0...1_000_000_000).contains($0) ? $0 : nil }
            tokens = tokens.flatMap { sum in count.map { sum + $0 } }
        }
        return Inference.Embeddings(
            model: "\(name)/\(request.model)",
            vectors: vectors,
            promptTokens: tokens ?? request.estimatedTokens,
            isEstimated: tokens == nil
        )
    }

    private func model(_ model: String, _ entry: GeminiModels.Entry?) -> Model {
        let window = entry?.inputTokenLimit.flatMap { $0 > 0 ? $0 : nil }
        return Model(
            name: "\(name)/\(model)",
            window: window ?? GeminiModels.knownWindow(of: model),
            abilities: entry?.abilities
        )
    }

    /// What a model is called in paths: its kind, and its name with everything escaped that a path reads otherwise.
    private static func resource(_ model: String) -> String {
        let hasKind = ["models/", "tunedModels/"].contains { model.hasPrefix($0) }
        return (hasKind ? "" : "models/") + model.split(separator: "/").map(escaped).joined(separator: "/")
    }

    private static func escaped(_ text: some StringProtocol) -> String {
        let plain = CharacterSet(charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
        return text.addingPercentEncoding(withAllowedCharacters: plain) ?? ""
    }

    private func decode<Value: Decodable>(_ type: Value.Type, from bytes: ByteBuffer, as what: String) throws -> Value {
        do {
            return try JSONDecoder().decode(type, from: bytes)
        } catch {
            throw client.faults.invalidResponse(what)
        }
    }

    /// What an answer says that is an error.
    private static func refusal(_ status: Int, _ headers: HTTPHeaders, _ body: ByteBuffer) -> ProviderFaults.Refusal {
        guard let error = GeminiErrorBody(body: body) else {
            return ProviderFaults.Refusal(status: status, headers: headers)
        }
        var refusal = error.refusal(status: status)
        refusal.headers = headers
        return refusal
    }
}
