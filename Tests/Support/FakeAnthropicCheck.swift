/// What the servers of Anthropic say about a request, for tests without a socket.
package enum FakeAnthropicCheck {
    /// The error message for the body of a request; `nil` for a valid one.
    package static func refusal(of body: [String: Any]) -> String? {
        guard let model = FakeAnthropicModel.named(body["model"] as? String ?? "") else { return "model: not found" }
        do {
            try FakeAnthropicRules(model: model).check(body)
            return nil
        } catch {
            return (error as? FakeAnthropicRefusal)?.message ?? "\(error)"
        }
    }

    /// The signature of a thought.
    package static func signature(of thought: String) -> String { FakeAnthropicTurn.signature(thought) }
}
