import Bus
import Contracts
import Logging
import Metrics
import ServiceLifecycle
import Synchronization

/// Gathers what calls of models took and tells conversation-svc, a moment later and all together.
///
/// A batch that conversation-svc may not have taken is sent again under its name until it says that it has, so none is
/// lost while it restarts and none counts twice. Memory is bounded: equal calls are one sum.
final class UsageReporter: Service {
    /// How long calls gather; with the time of the call itself conversation-svc knows within a second.
    private static let interval = Duration.milliseconds(500)
    /// How long conversation-svc is left alone after it did not answer.
    private static let pause = Duration.milliseconds(250)
    private static let patience = Duration.seconds(10)
    /// How long what is left is tried to be sent when the gateway ends.
    private static let lastPatience = Duration.seconds(4)
    /// How many different sums, and how many settlements, are kept.
    private static let limit = 20_000
    private static let batchSize = 2000

    /// What is summed.
    ///
    /// A user's name counts by its bytes, as in the store.
    private struct Sum: Hashable {
        var user: Quota.Subject
        var key: APIKey.ID?
        var model: String
        var day: Day
        /// Calls of which nobody knows the cost are summed apart, so that they can be priced later.
        var isPriced: Bool
    }

    private struct State {
        var sums: [Sum: Usage.Entry] = [:]
        /// The batch that is being sent, or is to be sent again.
        var batch: Usage.Record?
        var settlements: [Quotas.Settlement] = []
        var lost = 0
    }

    private let conversations: any Bus
    private let state = Mutex(State())
    private let signal: AsyncStream<Void>
    private let signaller: AsyncStream<Void>.Continuation
    private let lost = Counter(label: "gateway.usage.lost")

    init(conversations: any Bus) {
        self.conversations = conversations
        (signal, signaller) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    /// Notes what a call took; never waits.
    func record(_ principal: Principal, model: String, usage: Usage, at moment: Timestamp = .now()) {
        let sum = Sum(
            user: .user(principal.user),
            key: principal.key,
            model: model,
            day: Day(moment),
            isPriced: usage.cost != nil
        )
        let isKept = state.withLock { state in
            guard state.sums[sum] != nil || state.sums.count < Self.limit else {
                state.lost += 1
                return false
            }
            let none = Usage.Entry(
                user: principal.user,
                key: principal.key,
                model: model,
                day: sum.day,
                total: Usage.Total()
            )
            state.sums[sum, default: none].total += Usage.Total(usage)
            return true
        }
        if !isKept { lost.increment() }
        signaller.yield()
    }

    /// Sees to it that a reservation is settled, as soon as conversation-svc answers again.
    func settle(_ settlement: Quotas.Settlement) {
        state.withLock { state in
            // One that is left out counts as used when its time is over.
            guard state.settlements.count < Self.limit else { return }
            state.settlements.append(settlement)
        }
        signaller.yield()
    }

    /// How much is waiting: sums, and settlements.
    var waiting: Int {
        state.withLock { $0.sums.count + $0.settlements.count + ($0.batch?.entries.count ?? 0) }
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            for await _ in self.signal {
                do {
                    try await Task.sleep(for: Self.interval)
                    while await !self.flush() { try await Task.sleep(for: Self.pause) }
                } catch {
                    return
                }
            }
        }
        await flushAtEnd()
    }

    /// Sends what is left; the calls themselves have ended before.
    private func flushAtEnd() async {
        let end = ContinuousClock.now + Self.lastPatience
        while await !flush(), .now < end {
            do { try await Task.sleep(for: Self.pause) } catch { break }
        }
        let left = waiting
        if left > 0 { Logger.current.error("Usage lost at the end", metadata: ["usage.sums": "\(left)"]) }
    }

    /// Sends all that waits; answers whether conversation-svc took it.
    private func flush() async -> Bool {
        while let batch = nextBatch() {
            guard await send(batch) else { return false }
            state.withLock { $0.batch = nil }
        }
        while let settlements = nextSettlements() {
            guard await send(Quotas.Settle(settlements: settlements)) else { return false }
            state.withLock { $0.settlements.removeFirst(settlements.count) }
        }
        return true
    }

    private func nextBatch() -> Usage.Record? {
        let (batch, lost) = state.withLock { state -> (Usage.Record?, Int) in
            if state.batch == nil, !state.sums.isEmpty {
                let taken = state.sums.prefix(Self.batchSize)
                for sum in taken.map(\.key) { state.sums[sum] = nil }
                state.batch = Usage.Record(batch: Usage.Record.ID(), entries: taken.map(\.value))
            }
            defer { state.lost = 0 }
            return (state.batch, state.lost)
        }
        if lost > 0 {
            Logger.current.error("Usage lost, there was no room for it", metadata: ["usage.calls": "\(lost)"])
        }
        return batch
    }

    private func nextSettlements() -> [Quotas.Settlement]? {
        state.withLock { $0.settlements.isEmpty ? nil : Array($0.settlements.prefix(Self.batchSize)) }
    }

    /// Whether it was taken, or never can be.
    private func send(_ request: some Endpoint) async -> Bool {
        do {
            _ = try await conversations.call(request, CallContext(deadline: .now + Self.patience))
            return true
        } catch let fault as Fault where fault.code == .invalid || fault.code == .tooLarge {
            Logger.current.error("Usage refused", metadata: ["fault": "\(fault.message)"])
            return true
        } catch {
            return false
        }
    }
}
