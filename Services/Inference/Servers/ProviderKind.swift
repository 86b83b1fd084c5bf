import HTTP

/// A kind of server: how it is configured and how its provider is made.
///
/// Each provider's folder declares its own, and ``ProviderRegistry`` lists all of them.
struct ProviderKind: Sendable {
    /// The `kind` in `PROVIDERS_FILE`; also the name of the one server that the environment configures.
    let name: String
    /// The name in messages for people.
    let label: String
    /// The settings of the one server that the environment configures; `nil` if there are none.
    var environment: Environment?
    /// How a request carries the API key.
    var keyHeader = ServerConfiguration.KeyHeader.bearer
    /// Completes a server's configuration with what follows from its base URL and its version, such as its quirks.
    var prepare: @Sendable (inout ServerConfiguration, HTTPTarget) -> Void = { _, _ in }
    /// The models for requests that name none, best first.
    var preferredModels: [String] = []
    /// The beginnings of the names of models that belong to the standard server although it does not list them.
    var namePrefixes: [String] = []
    /// The default number of concurrent generations; `nil` for the general limit.
    var concurrency: Int?
    /// The default timeout for the first token; `nil` for the general one.
    var firstToken: Duration?
    /// What a server of this kind must have beside its URL; returns what is missing, as a sentence.
    var check: @Sendable (ServerConfiguration) -> String? = { _ in nil }
    /// Creates the provider of a server; throws for an invalid configuration.
    let make: @Sendable (ServerConfiguration, HTTPClient) throws -> any Provider

    /// The settings of the one server of a kind that the environment configures.
    struct Environment: Sendable {
        let url: String
        let defaultURL: String
        let key: String?
        var apiVersion: String?
        /// Whether the server is used at its default URL while it is reachable, although nothing is set.
        var isTriedUnset = false
    }
}
