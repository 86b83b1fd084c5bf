import Bus
import Contracts

/// Brings a generation to its provider: which model, is there a place, how long may it take.
struct Routing: Sendable {
    private let catalogue: Catalogue
    private let lanes: [String: ProviderLane]

    init(catalogue: Catalogue, lanes: [ProviderLane]) {
        self.catalogue = catalogue
        self.lanes = Dictionary(lanes.map { ($0.provider.name, $0) }) { first, _ in first }
    }

    /// Begins a generation; returns when its provider has accepted.
    func generate(
        _ request: GenerationRequest,
        _ context: CallContext
    ) async throws -> ElementStream<Inference.Event> {
        try GenerationRules.check(request)
        let route = try await catalogue.route(request.model)
        guard let lane = lanes[route.provider] else {
            throw Fault(.missing, "There is no provider \(route.provider).")
        }
        var limits = lane.limits
        limits.whole = try context.remaining(atMost: limits.whole)
        let arrival = ContinuousClock.now
        try await lane.queue.enter(within: limits.whole)
        lane.metrics.began()
        let start = ContinuousClock.now
        // The wait for a place is part of the whole.
        limits.whole = max(.zero, limits.whole - (start - arrival))
        do {
            let patience = min(limits.firstToken, limits.whole)
            let prompt = request.prompt(model: route.model, patience: patience, isWhole: false)
            let upstream = try await lane.provider.generate(prompt)
            let generation = Generation(
                name: route.name,
                upstream: upstream,
                lane: lane,
                limits: limits,
                start: start
            )
            return ElementStream(encoded: { try await generation.next() }, close: { generation.leave() })
        } catch {
            lane.queue.leave()
            lane.metrics.ended(error)
            throw error
        }
    }
}
