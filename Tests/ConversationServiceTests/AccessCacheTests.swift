import Bus
import Contracts
import GRDB
import HTTP
import Synchronization
import TestSupport
import Testing

@testable import ConversationService

/// The cache matches the database under concurrent changes.
@Suite(.timeLimit(.minutes(5)))
struct AccessCacheTests {
    private static let admin = CallContext(principal: Principal(user: "root", role: .admin))

    @Test func `onCommit is called in the order of the commits`() async throws {
        try await withTemporaryDirectory { directory in
            let database = try Database.open(at: directory + "/store.sqlite")
            let order = Order()
            await withTaskGroup { group in
                for number in 0..<200 {
                    group.addTask {
                        do {
                            _ = try await database.write { _ -> Int in
                                order.record { $0.written.append(number) }
                                if number % 50 == 7 { throw Fault(.internal, "Test failure.") }
                                return number
                            } onCommit: { number in
                                order.record { $0.reported.append(number) }
                            }
                        } catch {
                            #expect(number % 50 == 7)
                        }
                    }
                }
            }
            let (written, reported) = order.all
            #expect(reported.count == 196)
            // A write is repeated alone if its group failed; the last run counts.
            let last = Dictionary(written.enumerated().map { ($1, $0) }) { max($0, $1) }
            #expect(reported.map { last[$0] ?? -1 } == reported.map { last[$0] ?? -1 }.sorted())
        }
    }

    @Test func `after concurrent changes of one quota the cache has the state that was stored last`() async throws {
        try await withTemporaryDirectory { directory in
            let database = try Database.open(at: directory + "/store.sqlite")
            let accessCache = try await AccessCache.open(database)
            let bus = try HTTPBus(peer: "nobody", urls: ["http://127.0.0.1:9"], token: "x", client: HTTPClient())
            let handlers = QuotaHandlers(
                database: database,
                accessCache: accessCache,
                modelCache: ModelCache(inference: bus),
                runLimit: .seconds(1)
            )
            for round in 0..<200 {
                let user = "user \(round)"
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 0..<8 {
                        let quota = Quota(period: .day, requests: number.isMultiple(of: 2) ? number : nil)
                        let set = Quotas.Set(subject: .user(user), quota: quota)
                        group.addTask { _ = try await handlers.set(set, Self.admin) }
                    }
                    try await group.waitForAll()
                }
                let stored = try await database.read { try QuotaRows.find(.user(user), in: $0) }
                #expect(accessCache.isLimited(Principal(user: user)) == (stored != nil), "Round \(round)")
            }
        }
    }
}

/// Records the order of writes and onCommit calls.
private final class Order: Sendable {
    private let state = Mutex((written: [Int](), reported: [Int]()))

    var all: (written: [Int], reported: [Int]) { state.withLock(\.self) }

    func record(_ body: (inout (written: [Int], reported: [Int])) -> Void) {
        state.withLock { body(&$0) }
    }
}
