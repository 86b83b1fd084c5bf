/// What inference-svc answers about models.
package enum Models {
    /// Finds the model that a name means; absent: the default.
    ///
    /// Throws `missing`, `unavailable`.
    package struct Find: Endpoint {
        package static let path = "/models/find"
        package typealias Response = Model
        package var name: String?

        package init(name: String?) {
            self.name = name
        }
    }

    /// Lists the providers and what each offers.
    package struct List: Endpoint {
        package static let path = "/models/list"
        package typealias Response = [ProviderReport]

        package init() {}
    }

    /// How a provider stands, and its models.
    package struct ProviderReport: Codable, Sendable, Hashable {
        /// What it is called, such as `demo` or `ollama`.
        package var name: String
        /// Where it is asked; absent for the embedded one.
        ///
        /// Never holds a credential.
        package var address: String?
        package var models: [Model]
        /// Why it does not answer; absent when it does.
        package var fault: Fault?

        package init(name: String, address: String?, models: [Model], fault: Fault?) {
            self.name = name
            self.address = address
            self.models = models
            self.fault = fault
        }
    }
}

/// A model that a provider offers.
package struct Model: Codable, Sendable, Hashable {
    /// `provider/model`.
    package var name: String
    /// How many tokens it can be shown, as we would ask for it.
    package var window: Int
    /// What it can do; absent where its provider does not say.
    package var abilities: [Ability]?
    /// What there is to say of it to a person.
    package var note: String?
    /// What it costs; absent where no price is known.
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

    /// What a million tokens cost.
    package struct Price: Codable, Sendable, Hashable {
        package var prompt: Double
        package var completion: Double

        package init(prompt: Double, completion: Double) {
            self.prompt = prompt
            self.completion = completion
        }
    }

    /// Something that a model can do.
    package enum Ability: String, Codable, Sendable, CaseIterable {
        case chat
        case images
        case audio
        case tools
        case reasoning
        case embeddings
    }

    /// Whether it can do something, as far as is known.
    package func supports(_ ability: Ability) -> Bool {
        abilities?.contains(ability) ?? true
    }
}
