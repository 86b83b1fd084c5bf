import Bus
import Contracts
import GRDB
import Logging

/// Handles the endpoints that find and set quotas, and that reserve and settle usage.
struct QuotaHandlers: Sendable {
    /// Allowed range of each value of a quota.
    private static let valueRange = 0...1_000_000_000_000
    /// Maximum time to look up a price.
    private static let priceTimeout = Duration.seconds(2)
    /// How long a reservation stays valid after the maximum duration of an answer.
    private static let grace = Duration.seconds(120)

    let database: Database
    let accessCache: AccessCache
    let modelCache: ModelCache
    /// Maximum duration of an answer.
    let runLimit: Duration
    var now: @Sendable () -> Timestamp = { .now() }

    func find(_ request: Quotas.Find, _ context: CallContext) async throws -> Quotas.Status {
        let principal = try context.requirePrincipal()
        let moment = now()
        return try await database.read { database in
            try Self.check(request.subject, by: principal, in: database)
            return try Self.status(of: request.subject, at: moment, in: database)
        }
    }

    func set(_ request: Quotas.Set, _ context: CallContext) async throws -> Quotas.Status {
        let principal = try context.requirePrincipal()
        guard principal.role == .admin else { throw Fault(.forbidden, "Only an admin may set quotas.") }
        let (subject, quota, moment) = (request.subject, request.quota, now())
        try Self.check(quota)
        let status = try await database.write { database -> Quotas.Status? in
            if case .key(let key) = subject, try KeyRows.find(key, in: database) == nil { return nil }
            if quota.isEmpty {
                try QuotaRows.delete(subject, in: database)
            } else {
                try QuotaRows.set(quota, for: subject, at: moment, in: database)
            }
            return try Self.status(of: subject, at: moment, in: database)
        } onCommit: { [accessCache] status in
            if status != nil { accessCache.didSetQuota(for: subject, isLimited: !quota.isEmpty) }
        }
        guard let status else { throw Fault(.missing, "Key not found") }
        Logger.current.notice(
            "Quota set",
            metadata: ["quota.subject": "\(subject)", "principal.user": "\(principal.user)"]
        )
        return status
    }

    func reserve(_ request: Quotas.Reserve, _ context: CallContext) async throws -> Quotas.Reserved {
        let principal = try context.requirePrincipal()
        guard accessCache.isLimited(principal) else { return Quotas.Reserved(reservation: nil) }
        let model = await modelCache.modelOrFault(request.model, context, within: Self.priceTimeout)
        let name = if case .success(let model) = model { model.name } else { request.model ?? "" }
        let usageRequest = UsageRequest(promptTokens: request.promptTokens, maxTokens: request.maxTokens, model: model)
        let id = request.reservation ?? Quotas.Reservation.ID(at: now())
        let lifetime = (runLimit + Self.grace).components.seconds
        let reservation = StoredReservation(
            id: id.description,
            user: principal.user,
            apiKey: principal.key,
            model: name,
            createdAt: now(),
            expiresAt: Timestamp(microseconds: now().microseconds + lifetime * 1_000_000)
        )
        let outcome = try await database.write { database in
            if let known = try ReservationRows.find(reservation.id, in: database) {
                return QuotaReservations.Outcome.reserved(answerLimit: known.answerLimit)
            }
            return try QuotaReservations.reserve(usageRequest, as: reservation, in: database)
        }
        switch outcome {
        case .unlimited: return Quotas.Reserved(reservation: nil)
        case .reserved(let limit): return Quotas.Reserved(reservation: id, answerLimit: limit)
        case .rejected(let fault): throw fault
        }
    }

    func settle(_ request: Quotas.Settle) async throws -> Done {
        let moment = now()
        let settlements = try await withModelNames(request.settlements)
        let unpriced = settlements.filter { $0.usage.map { $0.cost == nil } ?? false }
        let prices = await PriceLookup(modelCache: modelCache).find(Set(unpriced.map(\.model)))
        try await database.write { database in
            for settlement in settlements {
                let id = settlement.reservation.description
                guard let reservation = try ReservationRows.find(id, in: database) else { continue }
                try QuotaReservations.settle(
                    reservation,
                    model: settlement.model,
                    usage: settlement.usage?.priced(by: prices[settlement.model]),
                    at: moment,
                    in: database
                )
            }
        }
        return Done()
    }

    /// Fills in the reserved model for settlements with usage but without a model name.
    private func withModelNames(_ settlements: [Quotas.Settlement]) async throws -> [Quotas.Settlement] {
        guard settlements.contains(where: \.lacksModel) else { return settlements }
        return try await database.read { database in
            try settlements.map { settlement in
                guard settlement.lacksModel else { return settlement }
                var named = settlement
                named.model = try ReservationRows.find(settlement.reservation.description, in: database)?.model ?? ""
                return named
            }
        }
    }

    private static func check(_ quota: Quota) throws {
        let numbers = [quota.requests, quota.tokens, quota.cost, quota.concurrentRuns].compactMap(\.self)
        guard numbers.allSatisfy(valueRange.contains) else {
            throw Fault(
                .invalid,
                "Each value of a quota must be from 0 to \(valueRange.upperBound), or omitted for unlimited."
            )
        }
    }

    /// Users may see their own quotas and those of their keys; admins may see all.
    private static func check(
        _ subject: Quota.Subject,
        by principal: Principal,
        in database: GRDB.Database
    ) throws {
        switch subject {
        case .user(let name):
            guard principal.role == .admin || name.utf8.elementsEqual(principal.user.utf8) else {
                throw Fault(.forbidden, "Only an admin may see the quotas of another user.")
            }
        case .key(let id):
            guard let key = try KeyRows.find(id, in: database),
                principal.role == .admin || key.user.utf8.elementsEqual(principal.user.utf8)
            else { throw Fault(.missing, "Key not found") }
        }
    }

    private static func status(
        of subject: Quota.Subject,
        at moment: Timestamp,
        in database: GRDB.Database
    ) throws -> Quotas.Status {
        let quota = try QuotaRows.find(subject, in: database)
        let balance = try QuotaReservations.balance(of: subject, quota ?? Quota(period: .day), at: moment, in: database)
        return Quotas.Status(
            subject: subject,
            quota: quota,
            used: balance.used,
            reserved: balance.reserved,
            resetsAt: balance.reset
        )
    }
}

extension Quotas.Settlement {
    /// Whether there is usage without a model name.
    fileprivate var lacksModel: Bool { model.isEmpty && usage != nil }
}
