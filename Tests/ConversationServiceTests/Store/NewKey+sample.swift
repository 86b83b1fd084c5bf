import Contracts

@testable import ConversationService

extension NewKey {
    /// Returns a new key; `sender` is the user who sends the request with the idempotency key.
    static func sample(
        name: String = "sample",
        user: String = "alice",
        role: Principal.Role = .user,
        limits: APIKey.Limits = APIKey.Limits(),
        sender: String = "alice",
        idempotencyKey: String? = nil
    ) -> NewKey {
        let key = APIKey(id: APIKey.ID(), name: name, user: user, role: role, limits: limits, createdAt: .now())
        let request = idempotencyKey.map { KeyRequest(sender: sender, key: $0, record: KeyRequestRecord(key)) }
        return NewKey(key: key, digest: KeySecret().digest, request: request)
    }
}

/// Runs `body` concurrently for the numbers below `count`; returns the results in any order.
func concurrently<Value: Sendable>(
    _ count: Int,
    _ body: @escaping @Sendable (Int) async throws -> Value
) async throws -> [Value] {
    try await withThrowingTaskGroup(of: Value.self) { group in
        for number in 0..<count { group.addTask { try await body(number) } }
        return try await group.reduce(into: []) { $0.append($1) }
    }
}
