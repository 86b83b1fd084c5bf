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
    /// Maximum number of listed models.
    private static let modelLimit = 1000
    /// The context window of an unknown model.
    private static let cautiousWindow = 8192

    let name: String
    let isConfigured = true
    var address: String? { client.address }
    private let client: ProviderClient
    /// The configured models; `nil` to use the server's own list.
    private let listed: [ListedModel]?
    private let quirks: ServerQuirks
    private let windows = Mutex<[String: Int]>([:])

    /// Creates the provider of a server; throws for an invalid URL.
    init(server: ServerConfiguration, client: HTTPClient) throws {
        name = server.name
        listed = server.models
        quirks = server.quirks
        self.client = try ProviderClient(server: server, client: client, parseError: Self.parseError)
    }

    func models() async throws -> [Model] {
        if let listed { return listed.map { model($0.id, window: $0.window, abilities: $0.abilities) } }
        let entries = try decode(
            OpenAIModels.self,
            from: try await client.fetch(.GET, "/models"),
            as: "an invalid list of models"
        ).data.prefix(Self.modelLimit)
        windows.withLock { windows in
            windows = Dictionary(entries.compactMap { entry in entry.window.map { (entry.id, $0) } }) { first, _ in
                first
            }
        }
        return entries.filter { ModelName.isValid($0.id) }.map { model($0.id, window: $0.window, abilities: nil) }
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

    func generate(_ prompt: Prompt) async throws -> ElementStream<Inference.Event> {
        try checkListed(prompt.model)
        let (body, names) = try await WorkerThreads.run(inputBytes: prompt.inputBytes) { [prompt, quirks, name] in
            let request = OpenAIChatRequest(prompt: prompt, quirks: quirks, serverName: name)
            return (try request.encoded(), request.names)
        }
        let response = try await client.openStream(
            path("/chat/completions", of: prompt.model),
            body: body,
            accept: prompt.isUnary ? "application/json" : "text/event-stream",
            for: prompt
        )
        let type = response.headers.first(name: "content-type") ?? ""
        let decoder = OpenAIDecoder(
            model: "\(name)/\(prompt.model)",
            isStream: prompt.isUnary ? type.hasPrefix("text/event-stream") : !type.hasPrefix("application/json"),
            names: names,
            faults: client.faults
        )
        return ProviderStream(body: response.body, faults: client.faults, decoder: decoder).events
    }

    var supportedOptions: OptionSupport { OpenAIOptions.support(quirks) }

    var embeddingLimits: EmbeddingLimits { OpenAIEmbeddings.limits(asBase64: quirks.sendsBase64Embeddings) }

    func embed(_ request: EmbeddingRequest) async throws -> EmbeddingAnswer {
        try checkListed(request.model)
        let asBase64 = quirks.sendsBase64Embeddings
        return try await client.embeddings(
            path("/embeddings", of: request.model),
            request,
            body: { OpenAIEmbeddings.body(request, asBase64: asBase64) },
            read: OpenAIEmbeddings.answer
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
        var report = OpenAIErrorBody(body: body)?.report ?? ErrorReport()
        report.status = status
        report.headers = headers
        return report
    }
}
