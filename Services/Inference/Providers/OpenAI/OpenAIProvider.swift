import Bus
import Contracts
import Foundation
import HTTP
import JSON
import NIOCore
import NIOFoundationCompat
import NIOHTTP1
import Synchronization

/// OpenAI, or a server that is compatible with its API.
final class OpenAIProvider: ChatModels, EmbeddingModels {
    /// The context window of an unknown model.
    private static let cautiousWindow = 8192

    let name: String
    let isConfigured = true
    let preferredModels: [String]
    let namePrefixes: [String]
    var address: String? { client.address }
    private let client: ProviderClient
    /// The configured models; `nil` to use the server's own list.
    private let listed: [ListedModel]?
    private let quirks: ServerQuirks
    private let support = StreamSupportCache()
    private let windows = Mutex<[String: Int]>([:])

    /// Creates the provider of a server; throws for an invalid URL.
    init(server: ServerConfiguration, client: HTTPClient) throws {
        name = server.name
        listed = server.models
        preferredModels = server.preferredModels
        namePrefixes = server.namePrefixes
        quirks = server.quirks
        self.client = try ProviderClient(
            server: server,
            usualPath: server.quirks.hasDeploymentPaths ? nil : "/v1",
            client: client,
            parseError: Self.parseError
        )
    }

    func models() async throws -> [Model] {
        if let listed { return listed.map { model($0.id, window: $0.window, abilities: $0.abilities) } }
        let entries = try decode(
            OpenAIModels.self,
            from: try await client.fetch(.GET, "/models"),
            as: "an invalid list of models"
        ).data
        windows.withLock { windows in
            windows = Dictionary(entries.compactMap { entry in entry.window.map { (entry.id, $0) } }) { first, _ in
                first
            }
        }
        return entries.map { model($0.id, window: $0.window, abilities: nil) }
    }

    /// Throws `missing` for a model that is not configured.
    private func checkListed(_ name: String) throws {
        guard let listed, !listed.contains(where: { $0.id == name }) else { return }
        throw Fault(.missing, "\(self.name) has no model \(name): PROVIDERS_FILE does not list it.")
    }

    func model(_ name: String) async throws -> Model {
        try checkListed(name)
        if let found = listed?.first(where: { $0.id == name }) {
            return model(found.id, window: found.window, abilities: found.abilities)
        }
        return model(name, window: windows.withLock { $0[name] }, abilities: nil)
    }

    /// Always asks for a stream, so that limits on the time to the first token and between tokens hold for every answer.
    func generate(_ prompt: Prompt) async throws -> ElementStream<Inference.Event> {
        try checkListed(prompt.model)
        let deadline = ContinuousClock.now + prompt.responseTimeout
        var prompt = prompt
        var accepted = support[prompt.model]
        while true {
            do {
                let events = try await open(prompt, accepted)
                support.store(accepted, for: prompt.model)
                return events
            } catch let error as ProviderError {
                // Such an error costs nothing and says what to leave out.
                guard let less = accepted.reduced(after: error) else { throw error }
                accepted = less
                prompt.responseTimeout = max(.milliseconds(1), deadline - .now)
            }
        }
    }

    private func open(_ prompt: Prompt, _ support: StreamSupport) async throws -> ElementStream<Inference.Event> {
        let (body, names) = try await WorkerThreads.run(inputBytes: prompt.inputBytes) { [quirks, name] in
            let request = OpenAIChatRequest(prompt: prompt, quirks: quirks, serverName: name, support: support)
            return (try request.encoded(), request.names)
        }
        let response = try await client.openStream(
            path("/chat/completions", of: prompt.model),
            body: body,
            accept: support.acceptsStream ? "text/event-stream" : "application/json",
            for: prompt
        )
        let decoder = OpenAIDecoder(
            model: "\(name)/\(prompt.model)",
            names: names,
            limit: prompt.eventLimit,
            faults: client.faults
        )
        return ProviderStream(body: response.body, faults: client.faults, decoder: decoder).events
    }

    func embed(_ request: EmbeddingRequest) async throws -> Inference.Embeddings {
        try checkListed(request.model)
        var json = JSONWriter()
        json.object { json in
            json.field("model", request.model)
            json.array("input", request.input) { $0.text($1) }
            if let dimensions = request.dimensions { json.field("dimensions", dimensions) }
            json.field("encoding_format", quirks.sendsBase64Embeddings ? "base64" : "float")
        }
        let answer = try decode(
            OpenAIEmbeddings.self,
            from: try await client.fetch(
                .POST,
                path("/embeddings", of: request.model),
                body: json.buffer,
                about: request.model,
                within: request.responseTimeout
            ),
            as: "invalid embeddings"
        )
        guard answer.data.count == request.input.count else {
            throw client.faults.invalidResponse("\(answer.data.count) vectors for \(request.input.count) texts")
        }
        let tokens = answer.usage?.prompt_tokens
        return Inference.Embeddings(
            model: "\(name)/\(request.model)",
            vectors: answer.data.sorted { ($0.index ?? 0) < ($1.index ?? 0) }.map(\.embedding.base64),
            promptTokens: tokens ?? request.estimatedTokens,
            isEstimated: tokens == nil
        )
    }

    /// The path of an endpoint for a model.
    private func path(_ path: String, of model: String) -> String {
        quirks.hasDeploymentPaths ? "/openai/deployments/\(PathEncoding.segment(model))\(path)" : path
    }

    private func model(_ id: String, window: Int?, abilities: [Model.Ability]?) -> Model {
        let window = window ?? OpenAIModels.knownWindow(of: id) ?? Self.cautiousWindow
        let embeds = id.contains("embed") ? [Model.Ability.embeddings] : nil
        return Model(name: "\(name)/\(id)", window: window, abilities: abilities ?? embeds)
    }

    private func decode<Value: Decodable>(_ type: Value.Type, from bytes: ByteBuffer, as what: String) throws -> Value {
        do {
            return try JSONDecoder().decode(type, from: bytes)
        } catch {
            throw client.faults.invalidResponse(what)
        }
    }

    /// Reads an error response.
    static func parseError(_ status: Int, _ headers: HTTPHeaders, _ body: ByteBuffer) -> ErrorReport {
        ErrorBody.report(of: body, status: status, headers: headers)
    }
}
