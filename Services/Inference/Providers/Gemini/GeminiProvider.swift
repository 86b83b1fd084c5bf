import Bus
import Contracts
import Foundation
import HTTP
import NIOCore
import NIOFoundationCompat
import NIOHTTP1

/// Gemini, through its native API.
///
/// Responses are always streamed.
struct GeminiProvider: ChatModels, EmbeddingModels {
    /// Maximum size of a request, in bytes; larger files are uploaded first.
    static let inlineLimit = 20_000_000
    /// Maximum numbers of listed models and of pages.
    private static let modelLimit = 1000
    private static let pageLimit = 10

    let name: String
    let isConfigured = true
    let preferredModels: [String]
    let namePrefixes: [String]
    var address: String? { client.address }
    private let version: GeminiVersion
    private let inlineLimit: Int
    private let client: ProviderClient
    private let media: GeminiMedia
    /// The configured models; `nil` to use the server's own list.
    private let listed: [ListedModel]?
    private let cache = GeminiModelCache()
    private let fileCache = GeminiFileCache()

    /// Creates the provider of a server; throws for an invalid URL.
    init(server: ServerConfiguration, inlineLimit: Int = inlineLimit, client: HTTPClient) throws {
        name = server.name
        listed = server.models
        preferredModels = server.preferredModels
        namePrefixes = server.namePrefixes
        version = server.apiVersion.flatMap(GeminiVersion.init) ?? .v1beta
        self.inlineLimit = inlineLimit
        media = GeminiMedia(passesAddresses: !server.quirks.imageSchemes.isEmpty)
        self.client = try ProviderClient(server: server, client: client, parseError: Self.parseError)
    }

    func models() async throws -> [Model] {
        var entries: [GeminiModels.Entry] = []
        var query = "?pageSize=\(Self.modelLimit)"
        for _ in 0..<Self.pageLimit where entries.count < Self.modelLimit {
            let answer = try await client.fetch(.GET, "/\(version.rawValue)/models\(query)")
            let page = try decode(GeminiModels.self, from: answer, as: "an invalid list of models")
            entries += page.models?.elements ?? []
            guard let token = page.nextPageToken, !token.isEmpty else { break }
            query = "?pageSize=\(Self.modelLimit)&pageToken=\(PathEncoding.segment(token))"
        }
        entries = GeminiModels.sorted(entries.prefix(Self.modelLimit).filter(\.isOfUse))
        cache.replace(entries)
        let selected = listed.map { listed in entries.filter { entry in listed.contains { $0.id == entry.bareName } } }
        return (selected ?? entries).map { model($0.bareName, $0) }
    }

    func model(_ model: String) async throws -> Model {
        if cache[model] == nil, cache.mayAsk(for: model) {
            do {
                let answer = try await client.fetch(.GET, "/\(version.rawValue)/\(Self.resource(model))", about: model)
                let entry = try decode(GeminiModels.Entry.self, from: answer, as: "an invalid description of a model")
                cache.keep(entry, as: model)
            } catch let error as ProviderError where error.fault.code != .missing {
                // A generation reports the error; until then the name determines the properties.
            }
        }
        return self.model(model, cache[model])
    }

    func generate(_ prompt: Prompt) async throws -> ElementStream<Inference.Event> {
        let deadline = ContinuousClock.now + prompt.responseTimeout
        let traits = GeminiModelTraits(model: prompt.model, isThinking: cache[prompt.model].map { $0.thinking == true })
        let media = media
        let (request, body) = try await WorkerThreads.run(inputBytes: prompt.inputBytes) { [prompt] in
            let request = try GeminiRequest(prompt: prompt, traits: traits, media: media)
            return (request, request.encoded())
        }
        let response = try await open(request, body, for: prompt, until: deadline)
        let decoder = GeminiDecoder(
            name: "\(name)/\(prompt.model)",
            model: prompt.model,
            names: request.names,
            limit: prompt.eventLimit,
            faults: client.faults
        )
        return ProviderStream(body: response.body, faults: client.faults, decoder: decoder).events
    }

    /// Sends a request; files for which it is too large are uploaded, unless Gemini still has them.
    private func open(
        _ request: GeminiRequest,
        _ body: ByteBuffer,
        for prompt: Prompt,
        until deadline: ContinuousClock.Instant
    ) async throws -> HTTPClient.Response {
        guard body.readableBytes > inlineLimit else { return try await open(body, for: prompt, with: client) }
        // Files belong to the key that uploaded them.
        let client = client.pinned()
        let files = GeminiFiles(client: client, version: version)
        let upload = GeminiUpload(
            excess: body.readableBytes - inlineLimit,
            files: files,
            cache: fileCache,
            owner: client.pinnedKey
        )
        var hasRetried = false
        while true {
            var smaller = request
            let cached = try await upload.moveOut(of: &smaller.conversation, until: deadline)
            let body = try await WorkerThreads.run { [smaller] in smaller.encoded() }
            var prompt = prompt
            prompt.responseTimeout = max(.milliseconds(1), deadline - .now)
            do {
                return try await open(body, for: prompt, with: client)
            } catch let error as ProviderError where !cached.isEmpty && !hasRetried && Self.mayMissFile(error) {
                // Gemini may have deleted a file earlier than it said: it is uploaded again, once.
                fileCache.remove(cached)
                hasRetried = true
            }
        }
    }

    /// Whether an error can mean that a file does not exist; Gemini has no code for it.
    private static func mayMissFile(_ error: ProviderError) -> Bool {
        [400, 403, 404].contains(error.status) && error.detail?.lowercased().contains("file") == true
    }

    private func open(
        _ body: ByteBuffer,
        for prompt: Prompt,
        with client: ProviderClient
    ) async throws -> HTTPClient.Response {
        try await client.openStream(
            "/\(version.rawValue)/\(Self.resource(prompt.model)):streamGenerateContent?alt=sse",
            body: body,
            accept: "text/event-stream, application/json",
            for: prompt
        )
    }

    func embed(_ request: EmbeddingRequest) async throws -> Inference.Embeddings {
        let deadline = ContinuousClock.now + request.responseTimeout
        let resource = Self.resource(request.model)
        var vectors: [String] = []
        var tokens: Int? = 0
        while vectors.count < request.input.count {
            let texts = Array(request.input[vectors.count...].prefix(GeminiEmbeddings.batchLimit))
            let answer = try await client.fetch(
                .POST,
                "/\(version.rawValue)/\(resource):batchEmbedContents",
                body: GeminiEmbeddings.body(resource: resource, texts: texts, dimensions: request.dimensions),
                about: request.model,
                within: max(.milliseconds(1), deadline - .now)
            )
            let batch = try decode(GeminiEmbeddings.self, from: answer, as: "invalid embeddings")
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

    /// The path of a model: its type and its name, percent-encoded.
    private static func resource(_ model: String) -> String {
        let hasKind = ["models/", "tunedModels/"].contains { model.hasPrefix($0) }
        return (hasKind ? "" : "models/") + model.split(separator: "/").map(PathEncoding.segment).joined(separator: "/")
    }

    private func decode<Value: Decodable>(_ type: Value.Type, from bytes: ByteBuffer, as what: String) throws -> Value {
        do {
            return try JSONDecoder().decode(type, from: bytes)
        } catch {
            throw client.faults.invalidResponse(what)
        }
    }

    /// Reads an error response.
    private static func parseError(
        _ status: Int,
        _ headers: HTTPHeaders,
        _ body: ByteBuffer
    ) -> ErrorReport {
        guard let error = GeminiErrorBody(body: body) else {
            return ErrorBody.report(of: body, status: status, headers: headers)
        }
        var report = error.report(status: status)
        report.headers = headers
        return report
    }
}
