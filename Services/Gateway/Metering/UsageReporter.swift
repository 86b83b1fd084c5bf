import Bus
import Contracts
import Logging
import Metrics
import ServiceLifecycle
import Synchronization

/// Sends usage and settlements to conversation-svc in the background.
///
/// A response never waits for it. Usage is aggregated and sent in batches, settlements are sent at once. Both are retried
/// until conversation-svc has accepted them, and are idempotent: a batch counts once by its identifier, a settlement by its
/// reservation. On graceful shutdown the remaining ones are sent before the service ends. Memory is bounded.
final class UsageReporter: Service {
    /// Delay between the first usage and its batch.
    private static let batchInterval = Duration.milliseconds(500)
    /// Delay before a failed request is sent again.
    private static let retryDelay = Duration.milliseconds(250)
    private static let timeout = Duration.seconds(10)
    /// Maximum time for sending the rest on shutdown.
    private static let shutdownTimeout = Duration.seconds(4)
    /// Maximum number of aggregates, and of settlements, in memory.
    private static let limit = 20_000
    private static let batchSize = 2000

    /// The attributes by which usage is aggregated.
    private struct Group: Hashable {
        var user: Quota.Subject
        var key: APIKey.ID?
        var model: String
        var day: Day
        /// Usage without a cost is aggregated separately, so that it can be priced later.
        var isPriced: Bool
    }

    private struct PendingSettlement {
        var user: String
        var settlement: Quotas.Settlement
    }

    private struct State {
        var entries: [Group: Usage.Entry] = [:]
        /// The batch that is being sent or will be sent again.
        var batch: Usage.Record?
        var settlements: [PendingSettlement] = []
        var dropped = 0
    }

    private let conversations: any Bus
    private let state = Mutex(State())
    private let usageSignal = Signal()
    private let settlementSignal = Signal()
    private let droppedCounter = Counter(label: "gateway.usage.lost")

    init(conversations: any Bus) {
        self.conversations = conversations
    }

    /// Adds the usage of a call without a reservation.
    func record(_ principal: Principal, model: String, usage: Usage, at moment: Timestamp = .now()) {
        let group = Group(
            user: .user(principal.user),
            key: principal.key,
            model: model,
            day: Day(moment),
            isPriced: usage.cost != nil
        )
        let isStored = state.withLock { state in
            guard state.entries[group] != nil || state.entries.count < Self.limit else {
                state.dropped += 1
                return false
            }
            let empty = Usage.Entry(
                user: principal.user,
                key: principal.key,
                model: model,
                day: group.day,
                total: Usage.Total()
            )
            state.entries[group, default: empty].total += Usage.Total(usage)
            return true
        }
        if !isStored { droppedCounter.increment() }
        usageSignal.send()
    }

    /// Adds the settlement of a user's reservation.
    ///
    /// Without room for it, conversation-svc counts the reservation as used when it expires.
    func settle(_ settlement: Quotas.Settlement, of user: String) {
        state.withLock { state in
            guard state.settlements.count < Self.limit else { return }
            state.settlements.append(PendingSettlement(user: user, settlement: settlement))
        }
        settlementSignal.send()
    }

    /// Sends the pending settlements of a user now, so that the user's next reservation sees them.
    ///
    /// Failures are ignored: ``run()`` sends the settlements again.
    func flushSettlements(of user: String, within timeout: Duration) async {
        let pending = state.withLock { state in
            state.settlements.filter { $0.user.utf8.elementsEqual(user.utf8) }.map(\.settlement)
        }
        guard !pending.isEmpty else { return }
        if await send(Quotas.Settle(settlements: pending), timeout: timeout) { remove(pending) }
    }

    /// The number of aggregates and settlements that are not sent yet.
    var pendingCount: Int {
        state.withLock { $0.entries.count + $0.settlements.count + ($0.batch?.entries.count ?? 0) }
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                group.addTask {
                    await self.send(on: self.usageSignal, after: Self.batchInterval) { await self.sendUsage() }
                }
                group.addTask {
                    await self.send(on: self.settlementSignal, after: .zero) { await self.sendSettlements() }
                }
            }
        }
        await flushAtShutdown()
    }

    /// Calls `flush` after each signal, again until it succeeds.
    private func send(on signal: Signal, after delay: Duration, _ flush: () async -> Bool) async {
        for await _ in signal.stream {
            do {
                if delay > .zero { try await Task.sleep(for: delay) }
                while await !flush() { try await Task.sleep(for: Self.retryDelay) }
            } catch {
                return
            }
        }
    }

    /// Sends the rest; all calls have ended before.
    private func flushAtShutdown() async {
        let end = ContinuousClock.now + Self.shutdownTimeout
        while true {
            let (hasSentSettlements, hasSentUsage) = (await sendSettlements(), await sendUsage())
            if hasSentSettlements && hasSentUsage || .now >= end { break }
            do { try await Task.sleep(for: Self.retryDelay) } catch { break }
        }
        let count = pendingCount
        if count > 0 { Logger.current.error("Usage lost on shutdown", metadata: ["usage.sums": "\(count)"]) }
    }

    private func sendUsage() async -> Bool {
        while let batch = nextBatch() {
            guard await send(batch, timeout: Self.timeout) else { return false }
            state.withLock { $0.batch = nil }
        }
        return true
    }

    private func sendSettlements() async -> Bool {
        while true {
            let next = state.withLock { $0.settlements.prefix(Self.batchSize).map(\.settlement) }
            guard !next.isEmpty else { return true }
            guard await send(Quotas.Settle(settlements: next), timeout: Self.timeout) else { return false }
            remove(next)
        }
    }

    private func remove(_ settlements: [Quotas.Settlement]) {
        let sent = Set(settlements.map(\.reservation))
        state.withLock { state in state.settlements.removeAll { sent.contains($0.settlement.reservation) } }
    }

    private func nextBatch() -> Usage.Record? {
        let (batch, dropped) = state.withLock { state -> (Usage.Record?, Int) in
            if state.batch == nil, !state.entries.isEmpty {
                let next = state.entries.prefix(Self.batchSize)
                for group in next.map(\.key) { state.entries[group] = nil }
                state.batch = Usage.Record(batch: Usage.Record.ID(), entries: next.map(\.value))
            }
            defer { state.dropped = 0 }
            return (state.batch, state.dropped)
        }
        if dropped > 0 {
            Logger.current.error("Usage dropped: the buffer is full", metadata: ["usage.calls": "\(dropped)"])
        }
        return batch
    }

    /// Returns whether conversation-svc accepted the request, or rejected it for good.
    private func send(_ request: some Endpoint, timeout: Duration) async -> Bool {
        do {
            _ = try await conversations.call(request, CallContext(deadline: .now + timeout))
            return true
        } catch let fault as Fault where fault.code == .invalid || fault.code == .tooLarge {
            Logger.current.error("Usage rejected", metadata: ["fault": "\(fault.message)"])
            return true
        } catch {
            return false
        }
    }
}

/// Wakes one waiting loop; several signals before it runs are one.
private struct Signal: Sendable {
    let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() {
        (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    func send() {
        continuation.yield()
    }
}
