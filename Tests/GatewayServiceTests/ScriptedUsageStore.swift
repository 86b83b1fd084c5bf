import Bus
import Contracts
import Synchronization

/// A fake store of usage and quotas that can fail on demand.
final class ScriptedUsageStore: Sendable {
    private struct State {
        var batches: [Usage.Record.ID: [Usage.Entry]] = [:]
        var records = 0
        var fault: Fault?
        /// Takes what comes, and then says that it did not.
        var losesAnswers = false
        var room: Int?
        var answerLimit: Int?
        var reservations: Set<Quotas.Reservation.ID> = []
        var reserves: [Quotas.Reserve] = []
        var settled: [Quotas.Settlement] = []
        var holdsSettlements = false
        var settleCalls = 0
    }

    private let state = Mutex(State())

    /// All entries that were taken, each batch once.
    var entries: [Usage.Entry] { state.withLock { $0.batches.values.flatMap(\.self) } }
    /// How often a batch came.
    var records: Int { state.withLock { $0.records } }
    var reserves: [Quotas.Reserve] { state.withLock { $0.reserves } }
    var settled: [Quotas.Settlement] { state.withLock { $0.settled } }
    var open: Int { state.withLock { $0.reservations.count } }

    func fail(_ fault: Fault?, losesAnswers: Bool = false) {
        state.withLock { state in
            state.fault = fault
            state.losesAnswers = losesAnswers
        }
    }

    /// There is room for so many reservations, whether or not they are settled.
    func allow(_ room: Int, answerLimit: Int? = nil) {
        state.withLock { state in
            state.room = room
            state.answerLimit = answerLimit
        }
    }

    /// How many times settlements arrived, including those that are held.
    var settleCalls: Int { state.withLock { $0.settleCalls } }

    /// Accepts settlements only after this is called again with `false`.
    func holdSettlements(_ holds: Bool) {
        state.withLock { $0.holdsSettlements = holds }
    }

    func add(to table: inout EndpointTable) {
        table.serve(Usage.Record.self) { request, _ in
            try self.state.withLock { state throws(Fault) in
                state.records += 1
                if let fault = state.fault, !state.losesAnswers { throw fault }
                state.batches[request.batch] = request.entries
                if let fault = state.fault { throw fault }
            }
            return Done()
        }
        table.serve(Quotas.Reserve.self) { request, _ in
            try self.state.withLock { state throws(Fault) in
                state.reserves.append(request)
                if let fault = state.fault, !state.losesAnswers { throw fault }
                guard let room = state.room else { return Quotas.Reserved(reservation: nil) }
                guard room > 0 else { throw Fault(.quotaExceeded, "There is no room left.") }
                state.room = room - 1
                let id = request.reservation ?? Quotas.Reservation.ID()
                state.reservations.insert(id)
                if let fault = state.fault { throw fault }
                return Quotas.Reserved(reservation: id, answerLimit: state.answerLimit)
            }
        }
        table.serve(Quotas.Settle.self) { request, _ in
            self.state.withLock { $0.settleCalls += 1 }
            while self.state.withLock({ $0.holdsSettlements }) { try await Task.sleep(for: .milliseconds(5)) }
            try self.state.withLock { state throws(Fault) in
                if let fault = state.fault { throw fault }
                for settlement in request.settlements where state.reservations.remove(settlement.reservation) != nil {
                    state.settled.append(settlement)
                }
            }
            return Done()
        }
    }
}
