import TestSupport

/// What a line of the standard input asks.
struct Command: Decodable {
    /// Which server is meant.
    var server: String
    /// Which requests are meant: those whose body holds this text; all if it is empty.
    var holding: String
    /// How the next of those requests are answered; absent when what was asked so far is wanted.
    var answers: [Manner]?
}

/// What a line of the standard output says.
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
