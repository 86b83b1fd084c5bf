/// How a server differs from others of its kind: data, so that no code asks which server it talks to.
struct ServerQuirks: Sendable, Equatable {
    /// The name of the limit on the tokens of an answer.
    enum TokenLimit: String, Sendable, Decodable, CaseIterable {
        case maxTokens = "max_tokens"
        case maxCompletionTokens = "max_completion_tokens"

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            guard let limit = TokenLimit(rawValue: try container.decode(String.self)) else {
                throw DecodingError.dataCorruptedError(
                    in: container,
                    debugDescription: "It must be max_tokens or max_completion_tokens."
                )
            }
            self = limit
        }

        /// The name as JSON is written with it.
        var name: StaticString {
            switch self {
            case .maxTokens: "max_tokens"
            case .maxCompletionTokens: "max_completion_tokens"
            }
        }
    }

    var tokenLimit = TokenLimit.maxTokens
    /// Whether `stream_options` is accepted, which asks for the usage at the end of a stream.
    var acceptsStreamOptions = true
    /// Whether messages may have the role `developer`; otherwise it becomes `system`.
    var acceptsDeveloperRole = false
    /// Whether the metadata of earlier answers (`extra_content`) is sent back.
    var acceptsMetadata = false
    /// Whether options that OpenAI does not document, such as `top_k`, are sent.
    var acceptsUnknownOptions = true
    /// The schemes of addresses of images that the server may be asked to fetch: `https`, `http`, `gs`.
    ///
    /// Empty for servers that may be in our network, where they could reach what the caller cannot.
    var imageSchemes: Set<String> = []
    /// Whether embeddings are requested as base64, which is smaller.
    var sendsBase64Embeddings = false
    /// Whether names of tools and identifiers of calls must match OpenAI's patterns; other servers permit more.
    var limitsToolNames = false
    /// Whether the model is part of the path: `/openai/deployments/{model}`.
    var hasDeploymentPaths = false
}

extension ServerQuirks {
    /// The quirks that `PROVIDERS_FILE` sets; the others keep their defaults.
    struct Overrides: Decodable, Sendable, Equatable {
        var tokenLimit: TokenLimit?
        var streamOptions: Bool?
        var developerRole: Bool?
        var metadata: Bool?
        var unknownOptions: Bool?
        var imageAddresses: Bool?
        var base64Embeddings: Bool?

        enum CodingKeys: String, CodingKey, CaseIterable {
            case tokenLimit = "token_limit"
            case streamOptions = "stream_options"
            case developerRole = "developer_role"
            case metadata
            case unknownOptions = "unknown_options"
            case imageAddresses = "image_addresses"
            case base64Embeddings = "base64_embeddings"
        }
    }

    /// Returns the quirks with the overrides applied.
    func applying(_ overrides: Overrides) -> ServerQuirks {
        var quirks = self
        quirks.tokenLimit = overrides.tokenLimit ?? tokenLimit
        quirks.acceptsStreamOptions = overrides.streamOptions ?? acceptsStreamOptions
        quirks.acceptsDeveloperRole = overrides.developerRole ?? acceptsDeveloperRole
        quirks.acceptsMetadata = overrides.metadata ?? acceptsMetadata
        quirks.acceptsUnknownOptions = overrides.unknownOptions ?? acceptsUnknownOptions
        quirks.sendsBase64Embeddings = overrides.base64Embeddings ?? sendsBase64Embeddings
        if let mayFetch = overrides.imageAddresses {
            quirks.imageSchemes = mayFetch ? imageSchemes.union(Self.webSchemes) : []
        }
        return quirks
    }

    /// The schemes of addresses on the web.
    static let webSchemes: Set<String> = ["https", "http"]
}
