/// A request that a fake server received.
package struct FakeRequest: Sendable {
    package var method: String
    package var path: String
    /// The query, without `?`.
    package var query = ""
    package var headers: [String: String]
    package var body: String
    /// The body as bytes.
    package var bytes: [UInt8] = []
    /// Whether the client disconnected before the response was complete.
    package var isAbandoned = false
    /// Whether the whole response was written.
    package var isAnswered = false
}
