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
}
