import Contracts
import GRDB

/// Reserves and settles usage against quotas; each function runs inside a transaction of the only writer, so check and
/// update are atomic.
enum QuotaReservations {
    /// The result of a reservation.
    enum Outcome: Sendable {
        /// No quota applies.
        case unlimited
        /// The usage is reserved; `answerLimit` is `nil` if the length of the answer is not limited.
        case reserved(answerLimit: Int?)
        /// A quota is exhausted; nothing was written.
        case rejected(Fault)
    }

    /// Reserves the usage of a call against the quotas of the user and of the key; sets the reservation's estimate.
    static func reserve(
        _ usageRequest: UsageRequest,
        as reservation: StoredReservation,
        in database: GRDB.Database
    ) throws -> Outcome {
        let balances = try balances(of: reservation, in: database)
        for balance in balances {
            if let rejection = balance.rejection(of: usageRequest, at: reservation.createdAt) {
                return .rejected(rejection)
            }
        }
        guard !balances.isEmpty else { return .unlimited }
        let (estimate, limit) = usageRequest.grant(
            availableTokens: balances.compactMap { $0.availableTokens(for: usageRequest) }.min()
        )
        var reservation = reservation
        reservation.estimate = estimate
        reservation.answerLimit = limit
        try ReservationRows.insert(reservation, in: database)
        return .reserved(answerLimit: limit)
    }

    private static func balances(
        of reservation: StoredReservation,
        in database: GRDB.Database
    ) throws -> [QuotaBalance] {
        let principal = Principal(user: reservation.user, key: reservation.apiKey)
        return try principal.quotaSubjects.compactMap { subject in
            guard let quota = try QuotaRows.find(subject, in: database) else { return nil }
            return try balance(of: subject, quota, at: reservation.createdAt, in: database)
        }
    }

    /// Replaces a reservation by the call's usage; without usage, because no model was reached, nothing is recorded.
    static func settle(
        _ reservation: StoredReservation,
        model: String,
        usage: Usage?,
        at moment: Timestamp,
        in database: GRDB.Database
    ) throws {
        try ReservationRows.delete(reservation.id, in: database)
        guard let usage else { return }
        let entry = Usage.Entry(
            user: reservation.user,
            key: reservation.apiKey,
            model: model,
            day: Day(moment),
            total: Usage.Total(usage.priced(by: reservation))
        )
        try UsageRows.add(entry, in: database)
    }

    /// Returns the used and reserved amounts of a quota in its current period.
    static func balance(
        of subject: Quota.Subject,
        _ quota: Quota,
        at moment: Timestamp,
        in database: GRDB.Database
    ) throws -> QuotaBalance {
        let today = Day(moment)
        let (first, end) = (quota.period.start(of: today), quota.period.end(of: today))
        return QuotaBalance(
            subject: subject,
            quota: quota,
            used: try UsageRows.sum(of: subject, from: first, before: end, in: database),
            reserved: try ReservationRows.sum(of: subject, in: database),
            reset: end.start
        )
    }
}

extension Usage {
    /// Returns the usage with the reserved cost, if its own cost is unknown because a fallback model without a price
    /// answered.
    func priced(by reservation: StoredReservation?) -> Usage {
        guard cost == nil, let reserved = reservation?.estimate.cost, reserved > 0 else { return self }
        var usage = self
        usage.cost = reserved
        return usage
    }
}
