import Bus
import Contracts
import GRDB
import HTTP
import Synchronization
import TestSupport
import Testing

@testable import ConversationService

/// What the book says is what the store says, whoever changes it at once.
@Suite(.timeLimit(.minutes(1)))
struct AccessBookTests {
    private static let admin = CallContext(principal: Principal(user: "root", role: .admin))

    @Test func `what a commit tells is told in the order of the commits`() async throws {
        try await withTemporaryDirectory { directory in
            let database = try Database.open(at: directory + "/store.sqlite")
            let order = Order()
            await withTaskGroup { group in
                for number in 0..<200 {
                    group.addTask {
                        do {
                            _ = try await database.write { _ -> Int in
                                order.note { $0.written.append(number) }
                                if number % 50 == 7 { throw Fault(.internal, "It is not to be.") }
                                return number
                            } onCommit: { number in
                                order.note { $0.told.append(number) }
                            }
                        } catch {
                            #expect(number % 50 == 7)
                        }
                    }
                }
            }
            let (written, told) = order.all
            #expect(told.count == 196)
            // A write whose group failed is done a second time, alone: the last time counts.
            let last = Dictionary(written.enumerated().map { ($1, $0) }) { max($0, $1) }
            #expect(told.map { last[$0] ?? -1 } == told.map { last[$0] ?? -1 }.sorted())
        }
    }

    @Test func `of two admins who set one quota at once the one who is stored last is told last`() async throws {
        try await withTemporaryDirectory { directory in
            let database = try Database.open(at: directory + "/store.sqlite")
            let book = try await AccessBook.open(database)
            let bus = try HTTPBus(peer: "nobody", urls: ["http://127.0.0.1:9"], token: "x", client: HTTPClient())
            let keeping = QuotaKeeping(
                database: database,
                book: book,
                windows: ModelWindows(inference: bus),
                runLimit: .seconds(1)
            )
            for round in 0..<200 {
                let user = "user \(round)"
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 0..<8 {
                        let quota = Quota(period: .day, requests: number.isMultiple(of: 2) ? number : nil)
                        let set = Quotas.Set(subject: .user(user), quota: quota)
                        group.addTask { _ = try await keeping.set(set, Self.admin) }
                    }
                    try await group.waitForAll()
                }
                let stored = try await database.read { try QuotaRows.find(.user(user), in: $0) }
                #expect(book.isLimited(Principal(user: user)) == (stored != nil), "Round \(round)")
            }
        }
    }
}

/// What happened, in its order.
private final class Order: Sendable {
    private let state = Mutex((written: [Int](), told: [Int]()))

    var all: (written: [Int], told: [Int]) { state.withLock(\.self) }

    func note(_ body: (inout (written: [Int], told: [Int])) -> Void) {
        state.withLock { body(&$0) }
    }
}
