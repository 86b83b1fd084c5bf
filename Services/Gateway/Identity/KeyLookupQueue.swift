import NIOCore
import Synchronization

/// Limits concurrent key look-ups, in total and per client address.
///
/// A look-up waits for a slot; other keys from the same address delay it, but do not make it fail. Addresses take turns,
/// so that an address with many look-ups does not delay the others.
final class KeyLookupQueue: Sendable {
    private typealias Waiter = CheckedContinuation<Bool, Never>

    private struct Entry {
        var running = 0
        var limit = 0
        var waiting = CircularBuffer<Waiter>()
    }

    private struct State {
        var running = 0
        var entries: [String: Entry] = [:]
        /// The addresses with waiting look-ups, the next one first.
        var turns = CircularBuffer<String>()

        /// Takes a slot for the next look-up that may start.
        mutating func startNext(total: Int) -> Waiter? {
            guard running < total else { return nil }
            for _ in 0..<turns.count {
                guard let address = turns.popFirst(), var entry = entries[address] else { continue }
                let waiter = entry.running < entry.limit ? entry.waiting.popFirst() : nil
                if waiter != nil {
                    entry.running += 1
                    running += 1
                }
                if !entry.waiting.isEmpty { turns.append(address) }
                entries[address] = entry
                if let waiter { return waiter }
            }
            return nil
        }
    }

    private let total: Int
    private let waitingLimit: Int
    private let state = Mutex(State())

    /// - Parameters:
    ///   - total: Maximum number of concurrent look-ups.
    ///   - waitingLimit: Maximum number of waiting look-ups per address.
    init(total: Int, waitingLimit: Int) {
        self.total = total
        self.waitingLimit = waitingLimit
    }

    /// Waits for a slot; returns `false`, without a slot, if too many look-ups from the address are waiting.
    ///
    /// `limit` is the maximum number of concurrent look-ups from the address.
    func acquire(_ address: String, limit: Int) async -> Bool {
        await withCheckedContinuation { (waiter: Waiter) in
            let isQueued = state.withLock { state in
                var entry = state.entries[address] ?? Entry()
                guard entry.waiting.count < waitingLimit else { return false }
                entry.limit = limit
                if entry.waiting.isEmpty { state.turns.append(address) }
                entry.waiting.append(waiter)
                state.entries[address] = entry
                return true
            }
            guard isQueued else { return waiter.resume(returning: false) }
            startWaiting()
        }
    }

    /// Returns a slot.
    func release(_ address: String) {
        state.withLock { state in
            state.running -= 1
            state.entries[address]?.running -= 1
            if let entry = state.entries[address], entry.running == 0, entry.waiting.isEmpty {
                state.entries[address] = nil
            }
        }
        startWaiting()
    }

    private func startWaiting() {
        while let waiter = state.withLock({ $0.startNext(total: total) }) { waiter.resume(returning: true) }
    }
}
