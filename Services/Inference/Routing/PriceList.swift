import Contracts

/// What models cost: by `provider/model`, by the model's bare name, or for all of a provider by `provider/*`.
struct PriceList: Sendable {
    /// What is built in costs nothing.
    private static let builtIn = ["demo/*": Model.Price(prompt: 0, completion: 0)]

    private let prices: [String: Model.Price]

    init(_ prices: [String: Model.Price] = [:]) {
        self.prices = prices.merging(Self.builtIn) { named, _ in named }
    }

    /// The price of a provider's model; absent where nobody knows it.
    func price(of model: String, from provider: String) -> Model.Price? {
        prices["\(provider)/\(model)"] ?? prices[model] ?? prices["\(provider)/*"]
    }
}
