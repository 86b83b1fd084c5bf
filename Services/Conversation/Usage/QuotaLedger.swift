import Contracts
import GRDB

/// Reserves parts of quotas and settles them; every verb runs within a commit of the one writer, so nothing comes between
/// the look and the deed.
enum QuotaLedger {
    /// What became of a wish to reserve.
    enum Outcome: Sendable {
        /// No quota applies.
        case unlimited
        case reserved
        /// A quota has no room; nothing was written.
        case refused(Fault)
    }

    /// Reserves what a call may take, of the user's quota and the key's.
    static func reserve(_ wish: StoredReservation, in database: GRDB.Database) throws -> Outcome {
        let principal = Principal(user: wish.user, key: wish.apiKey)
        var isLimited = false
        for subject in principal.quotaSubjects {
            guard let quota = try QuotaRows.find(subject, in: database) else { continue }
            isLimited = true
            let balance = try balance(of: subject, quota, at: wish.createdAt, in: database)
            if let refusal = balance.refusal(of: wish.estimate, at: wish.createdAt) { return .refused(refusal) }
        }
        guard isLimited else { return .unlimited }
        try ReservationRows.insert(wish, in: database)
        return .reserved
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
            tally: Usage.Tally(usage)
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
