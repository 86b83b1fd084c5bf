import Bus
import Contracts
import Foundation
import HTTP
import JSON
import Logging
import NIOCore
import NIOFoundationCompat
import NIOHTTP1

/// Ollama, through its native API.
struct OllamaProvider: ChatModels, EmbeddingModels {
    /// Maximum number of texts in one request for embeddings, to limit the size of the response.
    private static let batchSize = 128
    /// The time after which a model that could not be described is asked for again.
    private static let failurePause = Duration.seconds(30)

    let name: String
    let isConfigured: Bool
    let isFree = true
    let hasTaggedModels = true
    let namesHosts = true
    let preferredModels: [String]
    /// The API for managing models.
    let modelAPI: OllamaModelAPI
    var address: String? { client.address }
    private let windowLimit: Int
    private let client: ProviderClient
    /// The configured models; `nil` to use the server's own list.
    private let listed: [ListedModel]?
    private let cache = OllamaModelCache()

    /// Creates the provider of a server; throws for an invalid URL.
    init(server: ServerConfiguration, client: HTTPClient) throws {
        name = server.name
        isConfigured = server.isConfigured
        listed = server.models
        preferredModels = server.preferredModels
        windowLimit = server.windowLimit
        self.client = try ProviderClient(
            server: server,
            advice: "Start it with `ollama serve`. ",
            adviceForMissing: "Get it with `ollama pull {model}`, or choose another model.",
            client: client,
            parseError: Self.parseError
        )
        modelAPI = OllamaModelAPI(client: self.client)
    }

    func models() async throws -> [Model] {
        let answer = try await client.fetch(.GET, "/api/tags")
        let entries: [OllamaTags.Entry]
        do {
            entries = try JSONDecoder().decode(OllamaTags.self, from: answer).models?.elements ?? []
        } catch {
            throw client.faults.invalidResponse("an invalid list of models")
        }
        cache.update(entries)
        let names = entries.map(\.name)
        let selected = listed.map { listed in names.filter { name in listed.contains { $0.covers(name) } } } ?? names
        return selected.map { model($0, cache[$0]) }
    }

    func model(_ model: String) async throws -> Model {
        self.model(model, try await properties(of: model))
    }

    func generate(_ prompt: Prompt) async throws -> ElementStream<Inference.Event> {
        let properties = try await properties(of: prompt.model, within: prompt.responseTimeout)
        let request = OllamaChatRequest(
            prompt: prompt,
            window: window(properties),
            mayThink: properties?.abilities?.contains(.reasoning) ?? true
        )
        let response = try await client.openStream(
            "/api/chat",
            body: try await WorkerThreads.run(inputBytes: prompt.inputBytes) { try request.encoded() },
            accept: "application/x-ndjson, application/json",
            for: prompt
        )
        let decoder = OllamaDecoder(
            model: "\(name)/\(prompt.model)",
            wantsJSON: request.format.isJSON,
            limit: prompt.eventLimit,
            faults: client.faults
        )
        return ProviderStream(body: response.body, faults: client.faults, decoder: decoder).events
    }

    func embed(_ request: EmbeddingRequest) async throws -> Inference.Embeddings {
        let deadline = ContinuousClock.now + request.responseTimeout
        var (vectors, tokens): ([String], Int?) = ([], 0)
        var rest = request.input[...]
        while !rest.isEmpty {
            let batch = Array(rest.prefix(Self.batchSize))
            rest = rest.dropFirst(Self.batchSize)
            let answer = try await embed(batch, request, within: max(.milliseconds(1), deadline - .now))
            vectors += answer.vectors
            tokens = answer.promptTokens.flatMap { count in tokens.map { $0 + count } }
        }
        return Inference.Embeddings(
            model: "\(name)/\(request.model)",
            vectors: vectors,
            promptTokens: tokens ?? request.estimatedTokens,
            isEstimated: tokens == nil
        )
    }

    private func embed(
        _ texts: [String],
        _ request: EmbeddingRequest,
        within limit: Duration
    ) async throws -> OllamaEmbeddings {
        var json = JSONWriter()
        json.object { json in
            json.field("model", request.model)
            json.array("input", texts) { $0.text($1) }
            if let dimensions = request.dimensions { json.field("dimensions", dimensions) }
        }
        let answer = try await client.fetch(
            .POST,
            "/api/embed",
            body: json.buffer,
            about: request.model,
            within: limit
        )
        let embeddings: OllamaEmbeddings
        do {
            embeddings = try OllamaEmbeddings(answer)
        } catch {
            throw client.faults.invalidResponse("invalid embeddings")
        }
        guard embeddings.vectors.count == texts.count else {
            throw client.faults.invalidResponse("\(embeddings.vectors.count) vectors for \(texts.count) texts")
        }
        return embeddings
    }

    private func model(_ own: String, _ properties: OllamaModelCache.Properties?) -> Model {
        Model(name: "\(name)/\(own)", window: window(properties), abilities: properties?.abilities)
    }

    private func window(_ properties: OllamaModelCache.Properties?) -> Int {
        min(properties?.window ?? windowLimit, windowLimit)
    }

    /// The cached properties of a model, requested once.
    private func properties(
        of model: String,
        within limit: Duration = ProviderClient.metadataTimeout
    ) async throws -> OllamaModelCache.Properties? {
        let known = cache[model]
        if let known, known.isFull || (known.window != nil && known.abilities != nil) { return known }
        guard cache.permitsRequest(about: model) else { return known }
        do {
            let show = try await modelAPI.show(model, within: min(limit, ProviderClient.metadataTimeout))
            let abilities = OllamaAbilities.read(show.capabilities) ?? known?.abilities
            let properties = OllamaModelCache.Properties(
                window: show.window ?? known?.window,
                abilities: abilities,
                isFull: true
            )
            cache.store(properties, of: model)
            return properties
        } catch let error as ProviderError where error.fault.code != .missing {
            // A generation reports the error; until then the default properties are used. One model fails alone.
            if error.cause == .unreachable {
                cache.pause(for: .seconds(5))
            } else {
                cache.pause(model, for: Self.failurePause)
                let name: Logger.MetadataValue = "\(self.name)/\(model)"
                Logger.current.notice(
                    "Model not described",
                    metadata: error.metadata.merging(["model.name": name]) { $1 }
                )
            }
            return known
        }
    }

    /// Reads an error response.
    private static func parseError(
        _ status: Int,
        _ headers: HTTPHeaders,
        _ body: ByteBuffer
    ) -> ErrorReport {
        ErrorBody.report(of: body, status: status, headers: headers)
    }
}
