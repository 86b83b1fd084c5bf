/// When the gateway requires a credential.
enum AuthenticationMode: String, CaseIterable, Sendable {
    /// Every route that is not public requires a credential.
    case required
    /// Routes with anonymous access need no credential; the native surface requires one and issues tokens.
    case open
    /// Requests without a credential are made by the admin `local`. For development.
    case off
}
