/// One thing a service can be asked, written as a value.
///
/// The value is the body of the request; the path says which service answers it.
package protocol Endpoint: Codable, Sendable {
    /// What the service answers with.
    associatedtype Response: Codable & Sendable
    /// Where the endpoint is served: `/<plural noun>/<verb>`, unique in the whole house.
    static var path: String { get }
}

/// An answer that says no more than that the thing was done.
package struct Done: Codable, Sendable, Equatable {
    package init() {}
}
