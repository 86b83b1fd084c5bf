import TestSupport

/// A command: one line of the standard input.
struct Command: Decodable {
    /// The name of the fake server.
    var server: String
    /// Selects the requests whose body contains this text; empty: all requests.
    var containing: String
    /// The responses to the next selected requests; `nil` to list the selected requests so far.
    var answers: [ResponseOverride]?
}

/// The result of a command: one line of the standard output.
struct Report: Encodable {
    var requests: [Request]?
    var fault: String?

    /// A request that a fake server received.
    struct Request: Encodable {
        var method: String
        var path: String
        var headers: [String: String]
        var body: String
        var isAbandoned: Bool
        var isAnswered: Bool

        init(_ request: FakeRequest) {
            method = request.method
            path = request.path
            headers = request.headers
            body = request.body
            isAbandoned = request.isAbandoned
            isAnswered = request.isAnswered
        }
    }
}
