/// How much the gateway wants to know of who is asking.
enum AuthenticationMode: String, CaseIterable, Sendable {
    /// Everything but what is public wants a credential.
    case required
    /// Surfaces that know no authentication answer without one; the native one wants it, and hands out tokens.
    case open
    /// Everybody is `local`; for development.
    case off
}
