import Contracts

extension SQLiteStore {
    func setQuota(
        _ quota: Quota,
        for subject: Quota.Subject,
        at moment: Timestamp
    ) async throws -> Result<AccessChange<Quotas.Status>, Fault> {
        try await database.write { connection throws(StoreError) in
            if case .key(let key) = subject, try KeyRows.find(key, connection) == nil {
                return .failure(.missingKey)
            }
            if quota.isEmpty {
                try QuotaRows.delete(subject, connection)
            } else {
                try QuotaRows.set(quota, for: subject, at: moment, connection)
            }
            return .success(
                AccessChange(
                    value: try QuotaReservations.status(of: subject, at: moment, connection),
                    number: try Counters.next(.accessChanges, connection)
                )
            )
        }
    }

    func quotaStatus(
        of subject: Quota.Subject,
        for principal: Principal,
        at moment: Timestamp
    ) async throws -> Result<Quotas.Status, Fault> {
        try await database.read { connection throws(StoreError) in
            if case .key(let id) = subject {
                guard try KeyRows.find(id, connection)?.isManaged(by: principal) == true else {
                    return .failure(.missingKey)
                }
            }
            return .success(try QuotaReservations.status(of: subject, at: moment, connection))
        }
    }
}
