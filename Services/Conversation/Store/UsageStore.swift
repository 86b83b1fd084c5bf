import Contracts

/// Stores usage, and reserves it against quotas before a model is called.
///
/// The usage of runs is recorded by the commit that ends them.
protocol UsageStore: Sendable {
    /// Adds the usage of a batch, unless a batch with the id was added before.
    func recordUsage(_ entries: [Usage.Entry], batch: Usage.Record.ID, at moment: Timestamp) async throws

    /// Returns up to `limit` lines of usage in a range of days, for one user or all users, grouped as requested.
    func usageReport(_ request: Usage.Report, of user: String?, limit: Int) async throws -> [Usage.Line]

    /// Reserves the usage of a call against the quotas of the user and the key.
    ///
    /// A reservation with the same id is reserved once. Without `usageRequest`, which a caller need not estimate as
    /// long as it knows of no quota, the outcome is ``ReservationOutcome/needsEstimate`` if a quota applies.
    func reserve(
        _ usageRequest: UsageRequest?,
        as reservation: StoredReservation
    ) async throws -> ReservationOutcome

    /// Returns the models of those reservations that exist, by the reservation's id.
    func reservedModels(_ ids: [Quotas.Reservation.ID]) async throws -> [Quotas.Reservation.ID: String]

    /// Replaces reservations by the actual usage, all in one commit; ignores reservations that do not exist.
    func settle(_ settlements: [Quotas.Settlement], at moment: Timestamp) async throws

    /// Records the reserved amounts of up to `limit` expired reservations as usage, and deletes the reservations.
    ///
    /// Returns the number of reservations.
    func settleExpired(at moment: Timestamp, limit: Int) async throws -> Int
}
