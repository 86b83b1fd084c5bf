import Bus
import Contracts
import Foundation
import HTTP
import NIOCore
import NIOFoundationCompat
import NIOHTTP1

/// Anthropic, through its native API, the Messages API.
///
/// Responses are always streamed.
struct AnthropicProvider: ChatModels {
    /// The version of the API.
    private static let version = "2023-06-01"
    private static let versionHeader = "anthropic-version"
    /// Maximum numbers of listed models and of pages.
    private static let modelLimit = 1000
    private static let pageLimit = 10

    let name: String
    let isConfigured = true
    let preferredModels: [String]
    let namePrefixes: [String]
    var address: String? { client.address }
    private let client: ProviderClient
    /// The models that `PROVIDERS_FILE` lists; `nil` to use the server's list.
    private let listed: [ListedModel]?
    private let mayFetch: @Sendable (String) -> Bool
    private let cache = AnthropicModelCache()

    /// Creates the provider of a server; throws for an invalid URL.
    init(server: ServerConfiguration, client: HTTPClient) throws {
        name = server.name
        listed = server.models
        preferredModels = server.preferredModels
        namePrefixes = server.namePrefixes
        mayFetch = { [schemes = server.quirks.imageSchemes] url in
            let start = url.prefix(bytes: 8).lowercased()
            return schemes.contains { start.hasPrefix($0 + "://") }
        }
        let isVersioned = server.headers.contains(name: Self.versionHeader)
        self.client = try ProviderClient(
            server: server,
            headers: isVersioned ? [:] : [Self.versionHeader: server.apiVersion ?? Self.version],
            client: client,
            parseError: Self.parseError
        )
    }

    func models() async throws -> [Model] {
        if let listed { return listed.map { described($0.id) } }
        var entries: [AnthropicModels.Entry] = []
        var query = "?limit=\(Self.modelLimit)"
        for _ in 0..<Self.pageLimit where entries.count < Self.modelLimit {
            let answer = try await client.fetch(.GET, "/v1/models\(query)")
            let page = try decode(AnthropicModels.self, from: answer, as: "an invalid list of models")
            entries += page.data
            guard page.hasMore, let last = page.lastID, !last.isEmpty else { break }
            query = "?limit=\(Self.modelLimit)&after_id=\(PathEncoding.segment(last))"
        }
        entries = entries.prefix(Self.modelLimit).filter(\.isOfUse)
        cache.replace(entries)
        return entries.map { described($0.id) }
    }

    func model(_ model: String) async throws -> Model {
        if let listed {
            guard listed.contains(where: { $0.id == model }) else { throw unlisted(model) }
        } else if cache[model] == nil, cache.mayAsk(for: model) {
            do {
                let answer = try await client.fetch(.GET, "/v1/models/\(PathEncoding.segment(model))", about: model)
                let entry = try decode(
                    AnthropicModels.Entry.self,
                    from: answer,
                    as: "an invalid description of a model"
                )
                cache.keep(entry, as: model)
            } catch let error as ProviderError where error.fault.code != .missing {
                // A generation reports the error; until then the name determines the properties.
            }
        }
        return described(model)
    }

    func generate(_ prompt: Prompt) async throws -> ElementStream<Inference.Event> {
        if let listed, !listed.contains(where: { $0.id == prompt.model }) { throw unlisted(prompt.model) }
        let traits = traits(of: prompt.model)
        let (names, body) = try await WorkerThreads.run(inputBytes: prompt.inputBytes) { [mayFetch] in
            let request = try AnthropicRequest(prompt: prompt, traits: traits, mayFetch: mayFetch)
            return (request.names, request.encoded())
        }
        let response = try await client.openStream(
            "/v1/messages",
            body: body,
            accept: "text/event-stream, application/json",
            for: prompt
        )
        let decoder = AnthropicDecoder(
            name: "\(name)/\(prompt.model)",
            model: prompt.model,
            names: names,
            limit: prompt.eventLimit,
            faults: client.faults
        )
        return ProviderStream(body: response.body, faults: client.faults, decoder: decoder).events
    }

    private func unlisted(_ model: String) -> Fault {
        Fault(.missing, "\(name) has no model \(model): PROVIDERS_FILE does not list it.")
    }

    private func traits(of model: String) -> AnthropicModelTraits {
        var traits = AnthropicModelTraits(model: model, entry: cache[model])
        if let window = listed?.first(where: { $0.id == model })?.window { traits.window = window }
        return traits
    }

    /// The model with its known properties.
    private func described(_ model: String) -> Model {
        let traits = traits(of: model)
        return Model(
            name: "\(name)/\(model)",
            window: traits.window,
            abilities: listed?.first { $0.id == model }?.abilities ?? AnthropicModels.abilities(traits),
            note: cache[model]?.display_name
        )
    }

    private func decode<Value: Decodable>(_ type: Value.Type, from bytes: ByteBuffer, as what: String) throws -> Value {
        do {
            return try JSONDecoder().decode(type, from: bytes)
        } catch {
            throw client.faults.invalidResponse(what)
        }
    }

    private static func parseError(_ status: Int, _ headers: HTTPHeaders, _ body: ByteBuffer) -> ErrorReport {
        AnthropicErrorBody(body: body)?.report(status: status, headers: headers)
            ?? ErrorReport(status: status, headers: headers)
    }
}
