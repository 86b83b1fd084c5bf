/// A request that a fake server received.
package struct FakeRequest: Sendable {
    package var method: String
    package var path: String
    package var headers: [String: String]
    package var body: String
    /// Whether the peer left before its answer was whole.
    package var isAbandoned = false
    /// Whether the answer has been written to its last byte.
    package var isAnswered = false
}
