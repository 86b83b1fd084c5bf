import Contracts
import GRDB

/// Reserves parts of quotas and settles them; every verb runs within a commit of the one writer, so nothing comes between
/// the look and the deed.
enum QuotaLedger {
    /// What became of a wish to reserve.
    enum Outcome: Sendable {
        /// No quota applies.
        case unlimited
        /// It is reserved; absent: the answer may be as long as it wants.
        case reserved(answerLimit: Int?)
        /// A quota has no room; nothing was written.
        case refused(Fault)
    }

    /// Reserves what a call may take, of the user's quota and the key's; the reservation's own estimate is set by that.
    static func reserve(
        _ wish: CallWish,
        as reservation: StoredReservation,
        in database: GRDB.Database
    ) throws -> Outcome {
        let balances = try balances(of: reservation, in: database)
        for balance in balances {
            if let refusal = balance.refusal(of: wish, at: reservation.createdAt) { return .refused(refusal) }
        }
        guard !balances.isEmpty else { return .unlimited }
        let (estimate, limit) = wish.grant(within: balances.compactMap { $0.room(for: wish) }.min())
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

    /// Puts what a call took in the place of its reservation; a call that never reached a model took nothing.
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

    /// How a quota stands.
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
    /// The usage with what was reserved as its cost, where another model answered than was asked and has no price: or a
    /// quota of money would not hold.
    func priced(by reservation: StoredReservation?) -> Usage {
        guard cost == nil, let reserved = reservation?.estimate.cost, reserved > 0 else { return self }
        var usage = self
        usage.cost = reserved
        return usage
    }
}
