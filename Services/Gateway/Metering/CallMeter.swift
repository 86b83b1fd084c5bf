import Bus
import Contracts

/// What a call of a model is counted by: places for calls at once, quotas where there are any, and usage.
///
/// Where no quota applies, nobody is asked and nothing is waited for.
struct CallMeter: Sendable {
    /// How long conversation-svc may take to say whether there is room.
    private static let patience = Duration.seconds(5)

    let limiter: ConcurrencyLimiter
    let keys: KeyCache
    let reporter: UsageReporter
    let conversations: any Bus

    /// Who calls, as far as it matters here.
    struct Caller: Sendable {
        var principal: Principal
        /// How many calls may be going on at once for the key that they came with.
        var keyLimit: Int?
        /// How conversation-svc is asked on their behalf.
        var call: CallContext
    }

    /// Begins a call, before a model is asked; whoever has the ``MeteredCall`` ends it, however it went.
    ///
    /// `model` is what the client named, if anything; `promptTokens` is all that the model will be shown, estimated.
    /// Throws `limited` when too many calls are going on, `quota_exceeded`, and `forbidden` for a model without a price where
    /// a quota of money applies, with a sentence for the client.
    func begin(_ caller: Caller, model: String?, promptTokens: Int, maxTokens: Int? = nil) async throws -> MeteredCall {
        try limiter.acquire(caller.principal, keyLimit: caller.keyLimit)
        let call = MeteredCall(
            principal: caller.principal,
            promptTokens: promptTokens,
            meter: self
        )
        guard keys.mayHaveQuota(caller.principal) else { return call }
        let reserve = Quotas.Reserve(
            model: model,
            promptTokens: call.promptTokens,
            maxTokens: maxTokens,
            reservation: Quotas.Reservation.ID()
        )
        do {
            call.setReservation(try await self.reserve(reserve, caller.call))
            return call
        } catch {
            call.releaseSlot()
            throw error
        }
    }

    private func reserve(_ reserve: Quotas.Reserve, _ context: CallContext) async throws -> Quotas.Reserved {
        var bounded = context
        bounded.deadline = .now + Self.patience
        // A client that leaves now is not a reason to leave a reservation behind that nobody knows of.
        let reserving = Task { [bounded] in try await conversations.call(reserve, bounded) }
        do {
            return try await reserving.value
        } catch let fault as Fault where [.quotaExceeded, .forbidden, .missing].contains(fault.code) {
            throw fault
        } catch {
            // It may have been reserved all the same.
            if let id = reserve.reservation {
                reporter.settle(Quotas.Settlement(reservation: id, model: "", usage: nil))
            }
            throw error
        }
    }

    /// Puts the truth in a reservation's place: at once, so that the next call finds room, or else as soon as it can be.
    func settle(_ settlement: Quotas.Settlement) async {
        let settle = Quotas.Settle(settlements: [settlement])
        do {
            _ = try await conversations.call(settle, CallContext(deadline: .now + Self.patience))
        } catch {
            reporter.settle(settlement)
        }
    }
}

extension AuthenticatedContext {
    /// Who calls a model by this request.
    var caller: CallMeter.Caller {
        CallMeter.Caller(principal: principal, keyLimit: key?.limits.concurrentRuns, call: call)
    }
}
