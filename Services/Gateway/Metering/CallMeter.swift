import Bus
import Contracts

/// Meters model calls: limits concurrent calls, reserves quota, and reports usage.
///
/// Without a quota for the caller, no other service is asked and nothing is waited for.
struct CallMeter: Sendable {
    /// Timeout of a reservation.
    private static let reserveTimeout = Duration.seconds(5)
    /// Timeout for sending earlier settlements of the same user before a reservation.
    private static let settleTimeout = Duration.seconds(1)

    let limiter: ConcurrencyLimiter
    let keys: KeyCache
    let reporter: UsageReporter
    let conversations: any Bus

    /// The caller of a model.
    struct Caller: Sendable {
        var principal: Principal
        /// Maximum number of concurrent calls with the caller's API key.
        var keyLimit: Int?
        /// The bus context for requests on the caller's behalf.
        var call: CallContext
    }

    /// Starts a call before the model is asked; it must be finished with ``MeteredCall/finish(_:)``.
    ///
    /// Throws `limited` if too many calls are in progress, `quota_exceeded`, and `forbidden` for a model without a price if
    /// a cost quota applies.
    /// `model` is the name in the client's request, `promptTokens` the estimated size of the whole prompt.
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
            await reporter.flushSettlements(of: caller.principal.user, within: Self.settleTimeout)
            call.setReservation(try await self.reserve(reserve, caller))
            return call
        } catch {
            call.releaseSlot()
            throw error
        }
    }

    private func reserve(_ reserve: Quotas.Reserve, _ caller: Caller) async throws -> Quotas.Reserved {
        var context = caller.call
        context.deadline = .now + Self.reserveTimeout
        // Not cancelled with the client's request: that could leave an unknown reservation behind.
        let reserving = Task { [context] in try await conversations.call(reserve, context) }
        do {
            return try await reserving.value
        } catch let fault as Fault where [.quotaExceeded, .forbidden, .missing].contains(fault.code) {
            throw fault
        } catch {
            // The reservation may exist even though the response was lost.
            if let id = reserve.reservation {
                let settlement = Quotas.Settlement(reservation: id, model: "", usage: nil)
                reporter.settle(settlement, of: caller.principal.user)
            }
            throw error
        }
    }
}

extension AuthenticatedContext {
    /// The caller of a model in this request.
    var caller: CallMeter.Caller {
        CallMeter.Caller(principal: principal, keyLimit: key?.limits.concurrentRuns, call: call)
    }
}
