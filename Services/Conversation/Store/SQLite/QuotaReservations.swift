import Contracts

/// Reserves and settles usage against quotas; check and update belong to the transaction of the caller.
enum QuotaReservations {
    typealias Outcome = ReservationOutcome

    /// Reserves the usage of a call against the quotas of the user and of the key; sets the reservation's estimate.
    ///
    /// `usageRequest` is not needed if no quota applies, which is decided here and not before: a quota may be set at any
    /// time. `spent` is what earlier calls of the same run have used; it is reserved, too.
    static func reserve(
        _ usageRequest: UsageRequest?,
        after spent: UsageEstimate = UsageEstimate(promptTokens: 0, completionTokens: 0, cost: 0),
        as reservation: StoredReservation,
        _ connection: Connection
    ) throws(StoreError) -> Outcome {
        // Usually nobody has a quota, and this one statement is all.
        guard try QuotaRows.exist(connection) else { return .unlimited }
        let quotas = try quotas(of: reservation, connection)
        guard !quotas.isEmpty else { return .unlimited }
        guard let usageRequest else { return .needsEstimate }
        var balances: [QuotaBalance] = []
        for (subject, quota) in quotas {
            let balance = try balance(of: subject, quota, at: reservation.createdAt, connection).reserving(spent)
            if let rejection = balance.rejection(of: usageRequest, at: reservation.createdAt) {
                return .rejected(rejection)
            }
            balances.append(balance)
        }
        let (estimate, limit) = usageRequest.grant(
            availableTokens: balances.compactMap { $0.availableTokens(for: usageRequest) }.min()
        )
        var reservation = reservation
        reservation.estimate = estimate + spent
        reservation.answerLimit = limit
        try ReservationRows.insert(reservation, connection)
        return .reserved(answerLimit: limit)
    }

    /// Reserves the usage of another call of a run, whose calls so far had the usage `spent`; replaces the reservation of
    /// the run.
    ///
    /// If a quota is exhausted, what was spent stays reserved until the end of the run.
    static func reserveAnotherCall(
        _ usageRequest: UsageRequest,
        after spent: Usage,
        as reservation: StoredReservation,
        _ connection: Connection
    ) throws(StoreError) -> Outcome {
        let former = try ReservationRows.take(reservation.id, connection)
        let spent = UsageEstimate(
            promptTokens: spent.promptTokens,
            completionTokens: spent.completionTokens,
            cost: spent.cost ?? former?.estimate.cost ?? 0
        )
        let outcome = try reserve(usageRequest, after: spent, as: reservation, connection)
        if case .reserved = outcome { return outcome }
        if var former {
            former.estimate = spent
            try ReservationRows.insert(former, connection)
        }
        return outcome
    }

    private static func quotas(
        of reservation: StoredReservation,
        _ connection: Connection
    ) throws(StoreError) -> [(subject: Quota.Subject, quota: Quota)] {
        var quotas: [(subject: Quota.Subject, quota: Quota)] = []
        for subject in Principal(user: reservation.user, key: reservation.apiKey).quotaSubjects {
            if let quota = try QuotaRows.find(subject, connection) { quotas.append((subject, quota)) }
        }
        return quotas
    }

    /// Replaces a reservation by the call's usage; without usage, because no model was reached, nothing is recorded.
    static func settle(
        _ reservation: StoredReservation,
        model: String,
        usage: Usage?,
        at moment: Timestamp,
        _ connection: Connection
    ) throws(StoreError) {
        try ReservationRows.delete(reservation.id, connection)
        try record(usage, of: reservation, model: model, at: moment, connection)
    }

    private static func record(
        _ usage: Usage?,
        of reservation: StoredReservation,
        model: String,
        at moment: Timestamp,
        _ connection: Connection
    ) throws(StoreError) {
        guard let usage else { return }
        let entry = Usage.Entry(
            user: reservation.user,
            key: reservation.apiKey,
            model: model,
            day: Day(moment),
            total: Usage.Total(usage.priced(by: reservation))
        )
        try UsageRows.add(entry, connection)
    }

    /// Records the usage of a run that ended, and deletes its reservation, if it has one.
    ///
    /// The reservation of a run has the same id. `usage` is `nil` if no model was reached; nothing is recorded then.
    static func settle(
        run id: String,
        of user: Principal,
        model: String,
        usage: Usage?,
        at moment: Timestamp,
        _ connection: Connection
    ) throws(StoreError) {
        let known = try ReservationRows.take(id, connection)
        let reservation =
            known ?? StoredReservation(id: id, user: user.user, apiKey: user.key, model: model, createdAt: moment)
        try record(usage, of: reservation, model: model, at: moment, connection)
    }

    /// Returns a quota and the usage in its current period, or in the current day if there is no quota.
    static func status(
        of subject: Quota.Subject,
        at moment: Timestamp,
        _ connection: Connection
    ) throws(StoreError) -> Quotas.Status {
        let quota = try QuotaRows.find(subject, connection)
        let balance = try balance(of: subject, quota ?? Quota(period: .day), at: moment, connection)
        return Quotas.Status(
            subject: subject,
            quota: quota,
            used: balance.used,
            reserved: balance.reserved,
            resetsAt: balance.reset
        )
    }

    /// Returns the used and reserved amounts of a quota in its current period.
    private static func balance(
        of subject: Quota.Subject,
        _ quota: Quota,
        at moment: Timestamp,
        _ connection: Connection
    ) throws(StoreError) -> QuotaBalance {
        let today = Day(moment)
        let (first, end) = (quota.period.start(of: today), quota.period.end(of: today))
        return QuotaBalance(
            subject: subject,
            quota: quota,
            used: try UsageRows.sum(of: subject, from: first, before: end, connection),
            reserved: try ReservationRows.sum(of: subject, connection),
            reset: end.start
        )
    }
}

extension Usage {
    /// Returns the usage with the reserved cost, if its own cost is unknown because a fallback model without a price
    /// answered.
    func priced(by reservation: StoredReservation) -> Usage {
        guard cost == nil, reservation.estimate.cost > 0 else { return self }
        var usage = self
        usage.cost = reservation.estimate.cost
        return usage
    }
}
