import NIOHTTP1

/// An error as a provider reports it: in a response with an error status, or within a response with status 200.
struct ErrorReport: Sendable, Equatable {
    /// The HTTP status, also one that the body repeats; `nil` if there is none.
    var status: Int?
    var headers: HTTPHeaders = [:]
    /// The provider's message.
    var message: String?
    /// The provider's code or type, or both: `context_length_exceeded`, `RESOURCE_EXHAUSTED`.
    var codes: [String] = []
    /// How long the body asks to wait.
    var delay: Duration?
    /// The cause, if the body says it more precisely than status, codes and message.
    var cause: Cause?

    init(status: Int? = nil, headers: HTTPHeaders = [:], message: String? = nil, codes: [String?] = []) {
        self.status = status
        self.headers = headers
        self.message = message
        self.codes = codes.compactMap { $0 }
    }
}
