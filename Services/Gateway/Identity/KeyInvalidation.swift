import Contracts

/// Why a key is no longer good for what was begun by it.
enum KeyInvalidation: Sendable {
    /// It is gone.
    case revoked
    /// Its role is another, or nobody can say what became of it.
    case changed
    /// Its end has come.
    case expired

    /// What whoever waits for an answer is told.
    var fault: Fault {
        let sentence =
            switch self {
            case .revoked: "The API key was revoked while this was being answered."
            case .changed: "The API key was changed while this was being answered. Ask again."
            case .expired: "The API key expired while this was being answered."
            }
        return Fault(.keyInvalidated, sentence)
    }
}

extension Fault.Code {
    /// The key by which something was asked for stopped being good before the answer was whole.
    static let keyInvalidated = Self(rawValue: "key_lost")
}
