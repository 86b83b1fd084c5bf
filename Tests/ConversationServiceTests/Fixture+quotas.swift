import Bus
import Contracts
import Testing

extension Fixture {
    static let admin = CallContext(principal: Principal(user: "root", role: .admin))

    func setQuota(_ quota: Quota, for user: String = "alice") async throws {
        _ = try await bus.call(Quotas.Set(subject: .user(user), quota: quota), Self.admin)
    }

    func quotaStatus(of user: String = "alice") async throws -> Quotas.Status {
        try await bus.call(Quotas.Find(subject: .user(user)), context(user))
    }

    /// Total usage of a user, today and yesterday.
    func used(by user: String = "alice") async throws -> Usage.Total {
        let today = Day(.now())
        let report = Usage.Report(from: Day(number: today.number - 1), to: today, groups: [])
        return try await bus.call(report, context(user)).total
    }

    /// Sends messages in many conversations concurrently; returns how many were answered and how many exceeded the
    /// quota.
    func sendConcurrently(_ count: Int, as user: String = "alice") async throws -> (answered: Int, refused: Int) {
        var conversations: [Conversation] = []
        for _ in 0..<count { conversations.append(try await open(user, another: true)) }
        return try await withThrowingTaskGroup(of: Bool.self) { group in
            for conversation in conversations {
                group.addTask {
                    do {
                        return try await send("Hello", in: conversation, as: user).end.status == .completed
                    } catch let fault as Fault where fault.code == .quotaExceeded {
                        return false
                    }
                }
            }
            var answered = 0
            for try await isAnswered in group where isAnswered { answered += 1 }
            return (answered, count - answered)
        }
    }
}
