import Contracts

/// Why an API key became invalid while a request used it.
enum KeyInvalidation: Sendable {
    /// The key was deleted.
    case revoked
    /// The key's role was changed, or the key could not be revalidated.
    case changed
    /// The key expired.
    case expired

    /// The fault for the request.
    var fault: Fault {
        let sentence =
            switch self {
            case .revoked: "The API key was revoked during the request."
            case .changed: "The API key was changed during the request. Send it again."
            case .expired: "The API key expired during the request."
            }
        return Fault(.keyInvalidated, sentence)
    }
}

extension Fault.Code {
    /// The API key became invalid before the response was complete.
    static let keyInvalidated = Self(rawValue: "key_lost")
}
