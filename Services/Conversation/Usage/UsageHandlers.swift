import Bus
import Contracts

/// Handles the endpoints that record and report usage.
struct UsageHandlers: Sendable {
    /// Maximum number of lines of a report.
    private static let lineLimit = 10_000
    private static let entryLimit = 10_000

    let store: any UsageStore
    let prices: PriceLookup
    var now: @Sendable () -> Timestamp = { .now() }

    func record(_ request: Usage.Record) async throws -> Done {
        let moment = now()
        guard request.entries.count <= Self.entryLimit else {
            throw Fault(.invalid, "A batch can have at most \(Self.entryLimit) entries.")
        }
        // Tolerates clocks that differ by less than a day.
        let last = Day(number: Day(moment).number + 1)
        // Invalid entries are skipped, because the sender repeats a failed batch only once and valid entries must not
        // be lost.
        var entries = request.entries.filter { entry in
            entry.total.isValid && entry.day <= last && entry.day.number >= 0
                && (1...255).contains(entry.user.utf8.count) && entry.model.utf8.count <= 1024
        }
        guard !entries.isEmpty || request.entries.isEmpty else {
            throw Fault(
                .invalid,
                """
                All entries are invalid: each needs a user, a day that is not in the future, and amounts in the \
                allowed range.
                """
            )
        }
        let prices = await prices.find(Set(entries.filter { $0.total.cost == nil }.map(\.model)))
        for index in entries.indices {
            entries[index].total = entries[index].total.priced(by: prices[entries[index].model])
        }
        try await store.recordUsage(entries, batch: request.batch, at: moment)
        return Done()
    }

    func report(_ request: Usage.Report, _ context: CallContext) async throws -> Usage.Summary {
        let principal = try context.requirePrincipal()
        let named = try KeyValidation.user(request.user, for: principal)
        let user = request.isAll ? nil : named
        guard user != nil || principal.role == .admin else {
            throw Fault(.forbidden, "Only an admin may see the usage of all users.")
        }
        guard request.from <= request.to else { throw Fault(.invalid, "`from` must not be after `to`.") }
        let lines = try await store.usageReport(request, of: user, limit: Self.lineLimit + 1)
        guard lines.count <= Self.lineLimit else {
            throw Fault(
                .invalid,
                "The report has more than \(Self.lineLimit) lines. Request fewer days or fewer groups."
            )
        }
        var total = Usage.Total()
        for line in lines { total += line.total }
        // SQL returns one empty row for a sum over no rows.
        return Usage.Summary(lines: lines.filter { $0.total.requests > 0 }, total: total)
    }
}
