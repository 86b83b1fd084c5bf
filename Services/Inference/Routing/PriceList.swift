import Contracts

/// Prices by `provider/model`, by the model's name without the provider, or by `provider/*` for all models of a provider.
struct PriceList: Sendable {
    private let prices: [String: Model.Price]

    init(_ prices: [String: Model.Price] = [:]) {
        self.prices = prices.merging(ProviderRegistry.builtInPrices) { named, _ in named }
    }

    /// The price of a model; `nil` if it is unknown.
    func price(of model: String, from provider: String) -> Model.Price? {
        let spellings = ModelName.spellings(of: model)
        return spellings.lazy.compactMap { prices["\(provider)/\($0)"] }.first
            ?? spellings.lazy.compactMap { prices[$0] }.first ?? prices["\(provider)/*"]
    }

    /// The names with prices.
    var names: Dictionary<String, Model.Price>.Keys { prices.keys }
}
