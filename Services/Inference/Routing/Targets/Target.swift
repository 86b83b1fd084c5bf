import Contracts

/// A model of a server that requests can be sent to: it has a circuit breaker and limits of its own.
///
/// Configuration sets the server, the model, the weight and the limits; ``Routing`` adds what is known about the model.
struct Target: Sendable, Hashable {
    /// Limits of one target, within those of its server; `nil` for the server's own.
    struct Limits: Sendable, Hashable {
        /// Maximum number of concurrent requests.
        var concurrency: Int?
        /// Maximum time until the first token.
        var firstToken: Duration?
    }

    /// The name of the server, which is the name of its provider.
    let server: String
    /// The model's name without the server.
    let model: String
    /// `server/model`.
    let name: String
    /// The share of requests among the targets of a group; `nil` to prefer the cheaper target.
    var weight: Int?
    var limits = Limits()

    /// The price of tokens; `nil` if it is unknown.
    var price: Model.Price?
    /// Whether an attempt costs nothing: the price is zero, or the server is the operator's own and has no price.
    var isFree = false
    /// Whether the server lists the model.
    ///
    /// Unlisted names can be a client's invention, and fill no table.
    var isListed = true
    /// Whether a model's name without a tag means `:latest`.
    var hasTags = false
    /// The context window in tokens; `nil` if it is unknown.
    var window: Int?

    init(server: String, model: String, weight: Int? = nil, limits: Limits = Limits()) {
        self.server = server
        self.model = model
        name = "\(server)/\(model)"
        self.weight = weight
        self.limits = limits
    }

    /// The one spelling of the name, for tables.
    var key: String { hasTags ? ModelName.tagged(name) : name }
}
