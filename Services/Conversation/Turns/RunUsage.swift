import Contracts

/// The usage of the model calls of a run, priced by the model that answered each of them.
struct RunUsage: Sendable {
    private struct Call: Sendable {
        var usage: Usage
        var model: String?
    }

    private var calls: [Call] = []
    /// The prices that were looked up; `nil` for a model without a known price.
    private var prices: [String: Model.Price?] = [:]

    /// The usage of the last call.
    var last: Usage? { calls.last?.usage }

    mutating func setPrice(_ price: Model.Price?, of model: String) {
        prices[model] = .some(price)
    }

    mutating func add(_ usage: Usage, of model: String?) {
        calls.append(Call(usage: usage, model: model))
    }

    /// The models of the calls and of the current call whose price was not looked up and is needed.
    func unpricedModels(current: String?) -> [String] {
        let models = calls.filter { $0.usage.cost == nil }.compactMap(\.model) + [current].compactMap(\.self)
        return Set(models).filter { prices[$0] == nil }.sorted()
    }

    /// The sum of all calls; `nil` without any.
    ///
    /// The cost is known only if it is known for every call.
    var total: Usage? {
        let priced = calls.map(priced)
        guard var total = priced.first else { return nil }
        for usage in priced.dropFirst() {
            total.promptTokens += usage.promptTokens
            total.completionTokens += usage.completionTokens
            total.isEstimated = total.isEstimated || usage.isEstimated
            total.cachedTokens = sum(total.cachedTokens, usage.cachedTokens)
            total.reasoningTokens = sum(total.reasoningTokens, usage.reasoningTokens)
            if let cost = total.cost, let more = usage.cost { total.cost = cost + more } else { total.cost = nil }
        }
        return total
    }

    private func sum(_ one: Int?, _ other: Int?) -> Int? {
        one == nil && other == nil ? nil : (one ?? 0) + (other ?? 0)
    }

    private func priced(_ call: Call) -> Usage {
        var usage = call.usage
        guard usage.cost == nil, let model = call.model, let price = prices[model] ?? nil else { return usage }
        usage.cost = price.cost(promptTokens: usage.promptTokens, completionTokens: usage.completionTokens)
        return usage
    }
}
