import HTTP
import NIOHTTP1

/// A server with models: all that a provider must know about it, from the environment or from `PROVIDERS_FILE`.
struct ServerConfiguration: Sendable {
    /// The name, which begins the names of its models.
    var name: String
    let kind: ProviderKind
    /// The base URL, in the form that its kind documents.
    var url: String
    /// The setting with the base URL, for error messages.
    var setting: String
    /// Whether somebody configured the server; otherwise it is listed only while it is reachable.
    var isConfigured = true
    /// The API keys; requests take turns with them.
    var keys: [String] = []
    /// Further headers of every request; their values are secrets.
    var headers: HTTPHeaders = [:]
    /// Further parameters of every request's query, in order.
    var query: [QueryItem] = []
    /// The version of the API, where the kind has several.
    var apiVersion: String?
    /// The models; `nil` to use the server's own list.
    var models: [ListedModel]?
    /// Maximum numbers of concurrent and of queued generations; `nil` for the general limits.
    var concurrency: Int?
    var queue: Int?
    var timeouts = GenerationTimeouts()
    /// Maximum time until a connection is open; `nil` for the general limit.
    var connectTimeout: Duration?
    /// The file with the trusted certificates; `nil` for those of the system.
    var certificateFile: String?
    /// The proxy's URL, which may contain credentials; `nil` for the proxy of the environment.
    var proxy: String?
    /// The largest context window that is requested, in tokens, for a kind that chooses one.
    var windowLimit = 8192
    var quirks = ServerQuirks()

    /// A parameter of a query.
    struct QueryItem: Sendable, Equatable {
        var name: String
        var value: String
    }

    /// How a request carries the API key.
    enum KeyHeader: Sendable, Equatable {
        /// `Authorization: Bearer …`
        case bearer
        /// A header with the key alone.
        case named(String)

        func headers(_ key: String) -> HTTPHeaders {
            switch self {
            case .bearer: ["authorization": "Bearer \(key)"]
            case .named(let name): [name: key]
            }
        }
    }

    /// Creates the configuration of a server with the defaults of its kind and its host.
    ///
    /// Throws an `HTTPClientError` for an invalid URL.
    init(name: String, kind: ProviderKind, url: String, setting: String, apiVersion: String? = nil) throws {
        self.name = name
        self.kind = kind
        self.url = url
        self.setting = setting
        self.apiVersion = apiVersion
        kind.prepare(&self, try HTTPTarget.parse(url).target)
    }

    /// Whether this is the one server of its kind that the environment configures.
    var isStandard: Bool { name == kind.name }

    /// The models for requests that name none, best first: the configured ones, or those of its kind.
    var preferredModels: [String] { models?.map(\.id) ?? kind.preferredModels }

    /// The beginnings of the names of models that belong to the server although it does not list them.
    var namePrefixes: [String] { isStandard ? kind.namePrefixes : [] }

    /// The name in messages for people: `Ollama`, or the server's own name if there may be several.
    var label: String { isStandard ? kind.label : name }
}
