import Bus
import Contracts
import Logging

/// Handles the endpoints that find and set quotas, and that reserve and settle usage.
struct QuotaHandlers: Sendable {
    /// Allowed range of each value of a quota.
    private static let valueRange = 0...1_000_000_000_000
    /// Maximum time to look up a price.
    private static let priceTimeout = Duration.seconds(2)
    /// How long a reservation stays valid after the maximum duration of an answer.
    private static let grace = Duration.seconds(120)

    let keyStore: any KeyStore
    let usageStore: any UsageStore
    let accessCache: AccessCache
    let modelCache: ModelCache
    /// Maximum duration of an answer.
    let runLimit: Duration
    var now: @Sendable () -> Timestamp = { .now() }

    /// How long a reservation is valid.
    var reservationLifetime: Duration { runLimit + Self.grace }

    func find(_ request: Quotas.Find, _ context: CallContext) async throws -> Quotas.Status {
        let principal = try context.requirePrincipal()
        // Whose key it is, the store finds out.
        if case .user(let name) = request.subject {
            guard principal.role == .admin || name.utf8.elementsEqual(principal.user.utf8) else {
                throw Fault(.forbidden, "Only an admin may see the quotas of another user.")
            }
        }
        return try await keyStore.quotaStatus(of: request.subject, for: principal, at: now()).get()
    }

    func set(_ request: Quotas.Set, _ context: CallContext) async throws -> Quotas.Status {
        let principal = try context.requirePrincipal()
        guard principal.role == .admin else { throw Fault(.forbidden, "Only an admin may set quotas.") }
        try Self.check(request.quota)
        let outcome: Result<AccessChange<Quotas.Status>, Fault>
        do {
            outcome = try await keyStore.setQuota(request.quota, for: request.subject, at: now())
        } catch {
            accessCache.mayHaveChanged(.quota(request.subject))
            throw error
        }
        let change = try outcome.get()
        accessCache.didSetQuota(change)
        Logger.current.notice(
            "Quota set",
            metadata: ["quota.subject": "\(request.subject)", "principal.user": "\(principal.user)"]
        )
        return change.value
    }

    func reserve(_ request: Quotas.Reserve, _ context: CallContext) async throws -> Quotas.Reserved {
        let principal = try context.requirePrincipal()
        let id = request.reservation ?? Quotas.Reservation.ID(at: now())
        let moment = now()
        let reservation = StoredReservation(
            id: id.description,
            user: principal.user,
            apiKey: principal.key,
            model: "",
            createdAt: moment,
            expiresAt: Timestamp(
                microseconds: moment.microseconds + reservationLifetime.components.seconds * 1_000_000
            )
        )
        var outcome = ReservationOutcome.needsEstimate
        // The cache only saves a look into the database: whether a quota applies is decided there.
        if !accessCache.isLimited(principal) { outcome = try await usageStore.reserve(nil, as: reservation) }
        if case .needsEstimate = outcome { outcome = try await estimateAndReserve(request, reservation, context) }
        switch outcome {
        case .unlimited: return Quotas.Reserved(reservation: nil)
        case .reserved(let limit): return Quotas.Reserved(reservation: id, answerLimit: limit)
        case .rejected(let fault): throw fault
        case .needsEstimate: throw Fault(.internal, "The usage of the call was not estimated.")
        }
    }

    private func estimateAndReserve(
        _ request: Quotas.Reserve,
        _ reservation: StoredReservation,
        _ context: CallContext
    ) async throws -> ReservationOutcome {
        let model = await modelCache.modelOrFault(request.model, context, within: Self.priceTimeout)
        var reservation = reservation
        reservation.model = if case .success(let model) = model { model.name } else { request.model ?? "" }
        let usageRequest = UsageRequest(promptTokens: request.promptTokens, maxTokens: request.maxTokens, model: model)
        return try await usageStore.reserve(usageRequest, as: reservation)
    }

    func settle(_ request: Quotas.Settle) async throws -> Done {
        let moment = now()
        var settlements = try await withModelNames(request.settlements)
        let unpriced = settlements.filter { $0.usage.map { $0.cost == nil } ?? false }
        let prices = await PriceLookup(modelCache: modelCache).find(Set(unpriced.map(\.model)))
        for index in settlements.indices {
            settlements[index].usage = settlements[index].usage?.priced(by: prices[settlements[index].model])
        }
        try await usageStore.settle(settlements, at: moment)
        return Done()
    }

    /// Fills in the reserved model for settlements with usage but without a model name.
    private func withModelNames(_ settlements: [Quotas.Settlement]) async throws -> [Quotas.Settlement] {
        let unnamed = settlements.filter(\.lacksModel)
        guard !unnamed.isEmpty else { return settlements }
        let models = try await usageStore.reservedModels(unnamed.map(\.reservation))
        return settlements.map { settlement in
            guard settlement.lacksModel else { return settlement }
            var named = settlement
            named.model = models[settlement.reservation] ?? ""
            return named
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
}

extension Quotas.Settlement {
    /// Whether there is usage without a model name.
    fileprivate var lacksModel: Bool { model.isEmpty && usage != nil }
}
