/// A target in `PROVIDERS_FILE`: `server/model` alone, or an object.
struct TargetEntry: Decodable, Sendable, Equatable {
    var server: String
    var model: String
    var weight: Int?
    var limits: Limits?

    struct Limits: Decodable, Sendable, Equatable {
        var concurrency: Int?
        var firstToken: FileDuration?

        enum CodingKeys: String, CodingKey, CaseIterable {
            case concurrency
            case firstToken = "first_token_timeout"
        }
    }

    enum CodingKeys: String, CodingKey, CaseIterable {
        case server
        case model
        case weight
        case limits
    }

    init(from decoder: any Decoder) throws {
        if let name = try Self.name(decoder) {
            let parts = name.split(separator: "/", maxSplits: 1).map(String.init)
            server = parts.first ?? name
            model = parts.count == 2 ? parts[1] : ""
            return
        }
        let container = try decoder.container(keyedBy: CodingKeys.self)
        server = try container.decode(String.self, forKey: .server)
        model = try container.decode(String.self, forKey: .model)
        weight = try container.decodeIfPresent(Int.self, forKey: .weight)
        limits = try container.decodeIfPresent(Limits.self, forKey: .limits)
    }

    private static func name(_ decoder: any Decoder) throws -> String? {
        let container = try decoder.singleValueContainer()
        do { return try container.decode(String.self) } catch DecodingError.typeMismatch { return nil }
    }

    /// The target as the routing uses it.
    var target: Target {
        Target(
            server: server,
            model: model,
            weight: weight,
            limits: Target.Limits(concurrency: limits?.concurrency, firstToken: limits?.firstToken?.duration)
        )
    }
}
