/// A request that a fake server received.
package struct FakeRequest: Sendable {
    package var method: String
    package var path: String
    /// What stands behind the path's `?`.
    package var query = ""
    package var headers: [String: String]
    package var body: String
    /// The body as it came.
    package var bytes: [UInt8] = []
    /// Whether the peer left before its answer was whole.
    package var isAbandoned = false
    /// Whether the answer has been written to its last byte.
    package var isAnswered = false
}
