/// The endpoints of inference-svc for models.
package enum Models {
    /// Returns the model with a name, or the default model.
    ///
    /// Throws `missing`, `unavailable`.
    package struct Find: Endpoint {
        package static let path = "/models/find"
        package static let isIdempotent = true
        package typealias Response = Model
        package var name: String?

        package init(name: String?) {
            self.name = name
        }
    }

    /// Lists the providers and their models.
    package struct List: Endpoint {
        package static let path = "/models/list"
        package static let isIdempotent = true
        package typealias Response = [ProviderReport]

        package init() {}
    }

    /// The state of a provider and its models.
    package struct ProviderReport: Codable, Sendable, Hashable {
        /// Name of the provider, such as `demo` or `ollama`.
        package var name: String
        /// Address of the provider, without credentials; `nil` for the built-in one.
        package var address: String?
        package var models: [Model]
        /// Why the provider does not respond; `nil` if it does.
        package var fault: Fault?
        /// What could not be taken from the provider or from its configuration, and what to do, as sentences; `nil` if
        /// there is nothing.
        package var remarks: [String]?

        package init(name: String, address: String?, models: [Model], fault: Fault?, remarks: [String]? = nil) {
            self.name = name
            self.address = address
            self.models = models
            self.fault = fault
            self.remarks = remarks
        }
    }
}

/// A model that a provider offers.
package struct Model: Codable, Sendable, Hashable {
    /// `provider/model`.
    package var name: String
    /// Context window, in tokens, as requests use it.
    package var window: Int
    /// Abilities; `nil` if the provider does not report them.
    package var abilities: [Ability]?
    /// Description for people.
    package var note: String?
    /// Price; `nil` if unknown.
    package var price: Price?

    package init(
        name: String,
        window: Int,
        abilities: [Ability]? = nil,
        note: String? = nil,
        price: Price? = nil
    ) {
        self.name = name
        self.window = window
        self.abilities = abilities
        self.note = note
        self.price = price
    }

    /// Price of a million tokens.
    package struct Price: Codable, Sendable, Hashable {
        package var prompt: Double
        package var completion: Double

        package init(prompt: Double, completion: Double) {
            self.prompt = prompt
            self.completion = completion
        }
    }

    /// An ability of a model.
    package enum Ability: String, Codable, Sendable, CaseIterable {
        case chat
        case images
        case audio
        case tools
        case reasoning
        case embeddings
    }

    /// Whether the model has an ability; `true` if unknown.
    package func supports(_ ability: Ability) -> Bool {
        abilities?.contains(ability) ?? true
    }
}
