import Contracts

/// A server in `PROVIDERS_FILE`, as it is written there.
struct ServerEntry: Decodable, Sendable, Equatable {
    var name: String
    /// The kind; default: `openai`.
    var kind: String?
    /// The base URL in the form of its kind: for `openai` including `/v1`, as in the SDKs.
    var baseURL: String
    /// The environment variables with the API keys: one name, or a list.
    var keyVariables: NameList?
    /// The environment variable with `user:password` for a login.
    var loginVariable: String?
    var headers: [String: FileText]?
    var query: [String: String]?
    var apiVersion: String?
    var certificateFile: String?
    /// The proxy's URL; empty for none.
    var proxy: FileText?
    var quirks: ServerQuirks.Overrides?
    /// The models; `nil` to use the server's own list.
    var models: [ListedModel]?
    var concurrency: Int?
    var queue: Int?
    var connectTimeout: FileDuration?
    var firstTokenTimeout: FileDuration?
    var tokenGapTimeout: FileDuration?
    var runTimeout: FileDuration?
    /// The largest context window that is requested of an Ollama, in tokens.
    var windowLimit: Int?

    enum CodingKeys: String, CodingKey, CaseIterable {
        case name
        case kind
        case baseURL = "base_url"
        case keyVariables = "api_key_env"
        case loginVariable = "basic_auth_env"
        case headers
        case query
        case apiVersion = "api_version"
        case certificateFile = "ca_file"
        case proxy
        case quirks
        case models
        case concurrency
        case queue
        case connectTimeout = "connect_timeout"
        case firstTokenTimeout = "first_token_timeout"
        case tokenGapTimeout = "token_gap_timeout"
        case runTimeout = "run_timeout"
        case windowLimit = "num_ctx"
    }

    /// The environment variables that the entry names.
    var variables: [String] {
        (keyVariables?.names ?? []) + [loginVariable, proxy?.variable].compactMap(\.self)
            + (headers ?? [:]).values.compactMap(\.variable)
    }
}

/// One name or a list of names.
struct NameList: Decodable, Sendable, Equatable {
    let names: [String]

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        do {
            names = [try container.decode(String.self)]
        } catch DecodingError.typeMismatch {
            names = try container.decode([String].self)
        }
    }
}

/// A text in the file, or the name of the environment variable that contains it: `{"env": "NAME"}`.
enum FileText: Decodable, Sendable, Equatable {
    case literal(String)
    case environment(String)

    private struct Reference: Decodable {
        let env: String
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        do {
            self = .literal(try container.decode(String.self))
        } catch DecodingError.typeMismatch {
            self = .environment(try container.decode(Reference.self).env)
        }
    }

    /// The environment variable, if the text is in one.
    var variable: String? {
        if case .environment(let name) = self { name } else { nil }
    }
}

/// A duration in the file: `250ms`, `5s`, `2m` or `1h`, at most a day.
struct FileDuration: Decodable, Sendable, Equatable {
    let duration: Duration

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let duration = Self.parse(text) else {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription: "It must be a duration of at most a day such as 250ms, 5s, 2m or 1h."
            )
        }
        self.duration = duration
    }

    private static func parse(_ text: String) -> Duration? {
        let units = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000)]
        for (unit, milliseconds) in units where text.hasSuffix(unit) {
            guard let number = Int(text.dropLast(unit.count)), (1...86_400_000 / milliseconds).contains(number) else {
                continue
            }
            return .milliseconds(number * milliseconds)
        }
        return nil
    }
}
