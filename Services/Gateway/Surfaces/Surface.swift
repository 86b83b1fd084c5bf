import Contracts
import Hummingbird

/// Whose public interface a path belongs to, and so in which shape it answers what went wrong.
enum Surface: Sendable {
    /// The native one.
    case v1
    /// OpenAI's.
    case openAI

    init(path: String) {
        self = path == "/v1" || path.hasPrefix("/v1/") ? .openAI : .v1
    }

    /// Whether somebody without a credential is `local` here while the gateway is open.
    var allowsAnonymousAccess: Bool { self == .openAI }

    /// The longest body that is taken at a path, in bytes: images travel within messages.
    static func bodyLimit(path: some StringProtocol) -> Int {
        path.hasPrefix("/v1/chat/") ? 33_554_432 : 1_048_576
    }

    func answer(_ fault: Fault) -> Response {
        switch self {
        case .v1: V1Response.error(fault)
        case .openAI: OpenAIResponse.error(fault)
        }
    }

    /// 429 for a caller who asks too often.
    func tooMany(_ decision: RateLimitDecision) -> Response {
        switch self {
        case .v1: V1Response.rateLimited(decision)
        case .openAI: OpenAIResponse.rateLimited(decision)
        }
    }
}
