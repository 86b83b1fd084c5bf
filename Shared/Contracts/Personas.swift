/// The endpoints of conversation-svc for personas.
package enum Personas {
    /// Lists the active personas, newest first.
    package struct List: Endpoint {
        package static let path = "/personas/list"
        package static let isIdempotent = true
        package typealias Response = Page<Persona>
        package var limit: Int
        package var offset: Int

        package init(limit: Int, offset: Int) {
            self.limit = limit
            self.offset = offset
        }
    }

    /// Returns a persona.
    ///
    /// Throws `missing`.
    package struct Find: Endpoint {
        package static let path = "/personas/find"
        package static let isIdempotent = true
        package typealias Response = Persona
        package var id: Persona.ID

        package init(id: Persona.ID) {
            self.id = id
        }
    }

    /// Returns a persona with what only admins see.
    ///
    /// Requires an admin; throws `missing`.
    package struct Inspect: Endpoint {
        package static let path = "/personas/inspect"
        package static let isIdempotent = true
        package typealias Response = Inspected
        package var id: Persona.ID

        package init(id: Persona.ID) {
            self.id = id
        }
    }

    /// Stores a new persona.
    ///
    /// Requires an admin; throws `invalid`, `conflict` if the name is taken, and `key_reused`.
    package struct Create: Endpoint, Equatable {
        package static let path = "/personas/create"
        package typealias Response = Inspected
        package var profile: Profile
        /// Idempotency key: a repeated request within a day returns the persona of the first one.
        package var key: String?

        package init(profile: Profile, key: String? = nil) {
            self.profile = profile
            self.key = key
        }
    }

    /// Changes the given members of a persona.
    ///
    /// Requires an admin; throws `missing`, `invalid`, and `conflict` if the name is taken.
    package struct Change: Endpoint, Equatable {
        package static let path = "/personas/change"
        package static let isIdempotent = true
        package typealias Response = Inspected
        package var id: Persona.ID
        package var profile: Profile

        package init(id: Persona.ID, profile: Profile) {
            self.id = id
            self.profile = profile
        }
    }

    /// A persona with its instructions and traits.
    package struct Inspected: Codable, Sendable, Hashable {
        package var persona: Persona
        package var instructions: String
        /// Character traits: an object whose values are texts, numbers, booleans or lists of texts.
        package var traits: RawJSON

        package init(persona: Persona, instructions: String, traits: RawJSON) {
            self.persona = persona
            self.instructions = instructions
            self.traits = traits
        }
    }

    /// The members of a persona that an admin sets; `nil` for the default, or for no change.
    package struct Profile: Codable, Sendable, Hashable {
        package var name: String?
        package var displayName: String?
        package var avatarURL: String?
        package var description: String?
        package var category: String?
        package var instructions: String?
        package var traits: RawJSON?
        package var greeting: String?
        package var suggestedMessages: [String]?
        package var status: Persona.Status?
        package var tools: [String]?

        package init() {}
    }
}
