import Bus
import Contracts
import Foundation
import HTTP
import JSON
import NIOCore
import NIOFoundationCompat
import NIOHTTP1

/// Ollama, over its native API.
struct OllamaProvider: Provider {
    /// What its models' names begin with.
    static let providerName = "ollama"
    /// More models than this are not listed.
    private static let modelLimit = 1000
    /// How many texts are sent at once to be made vectors of: their answer is to stay small.
    private static let batchSize = 128

    let name = OllamaProvider.providerName
    let isConfigured: Bool
    /// The models that it has: to be got, made and thrown away.
    let modelAPI: OllamaModelAPI
    var address: String? { client.address }
    private let windowLimit: Int
    private let client: ProviderClient
    private let notes = OllamaModelCache()

    /// Ollama at a URL, asked for windows of at most `windowLimit` tokens; throws when the URL cannot be read.
    init(url: String, isConfigured: Bool, windowLimit: Int, client: HTTPClient) throws {
        self.isConfigured = isConfigured
        self.windowLimit = windowLimit
        self.client = try ProviderClient(
            name: "Ollama",
            url: url,
            setting: "OLLAMA_BASE_URL",
            advice: "Start it with `ollama serve`. ",
            adviceForMissing: "Get it with `ollama pull {model}`, or choose another model.",
            client: client,
            parseError: Self.refusal
        )
        modelAPI = OllamaModelAPI(client: self.client)
    }

    func models() async throws -> [Model] {
        let answer = try await client.ask(.GET, "/api/tags")
        let entries: [OllamaTags.Entry]
        do {
            entries = try JSONDecoder().decode(OllamaTags.self, from: answer).models ?? []
        } catch {
            throw client.faults.invalidResponse("a list of models that is not one")
        }
        let listed = entries.prefix(Self.modelLimit).filter { ModelName.isValid($0.name) }
        notes.note(listed)
        return listed.map { model($0.name, notes[$0.name]) }
    }

    func model(_ model: String) async throws -> Model {
        self.model(model, try await note(of: model))
    }

    func generate(_ prompt: Prompt) async throws -> ElementStream<Inference.Event> {
        let note = try await note(of: prompt.model, within: prompt.responseTimeout)
        let request = OllamaChatRequest(
            prompt: prompt,
            window: window(note),
            mayThink: note?.abilities?.contains(.reasoning) ?? true
        )
        let response = try await client.open(
            "/api/chat",
            body: try request.encoded(),
            accept: "application/x-ndjson, application/json",
            for: prompt
        )
        let decoder = OllamaDecoder(model: "\(name)/\(prompt.model)", faults: client.faults)
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
        let answer = try await client.ask(
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
            throw client.faults.invalidResponse("embeddings that are none")
        }
        guard embeddings.vectors.count == texts.count else {
            throw client.faults.invalidResponse("\(embeddings.vectors.count) vectors for \(texts.count) texts")
        }
        return embeddings
    }

    private func model(_ own: String, _ note: OllamaModelCache.Note?) -> Model {
        Model(name: "\(name)/\(own)", window: window(note), abilities: note?.abilities)
    }

    private func window(_ note: OllamaModelCache.Note?) -> Int {
        min(note?.window ?? windowLimit, windowLimit)
    }

    /// What is known of a model, asked for once.
    private func note(
        of model: String,
        within limit: Duration = ProviderClient.metadataTimeout
    ) async throws -> OllamaModelCache.Note? {
        let known = notes[model]
        if let known, known.isFull || (known.window != nil && known.abilities != nil) { return known }
        guard notes.isWorthAsking else { return known }
        do {
            let show = try await modelAPI.show(model, within: min(limit, ProviderClient.metadataTimeout))
            let abilities = OllamaAbilities.read(show.capabilities) ?? known?.abilities
            let note = OllamaModelCache.Note(window: show.window ?? known?.window, abilities: abilities, isFull: true)
            notes.keep(note, of: model)
            return note
        } catch let error as ProviderError where error.fault.code != .missing {
            // Whoever generates will be told; until then the largest window that we would ask for will do.
            if error.isOutage { notes.beQuiet(for: .seconds(5)) }
            return known
        }
    }

    /// What an answer says that is an error.
    private static func refusal(_ status: Int, _ headers: HTTPHeaders, _ body: ByteBuffer) -> ProviderFaults.Refusal {
        var words: String?
        // Whatever is no JSON of Ollama's says nothing.
        do { words = try OllamaChatLine(body).error } catch {}
        return ProviderFaults.Refusal(status: status, headers: headers, words: words)
    }
}
