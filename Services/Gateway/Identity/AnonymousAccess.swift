import Contracts

/// Decides whether a request without a credential may act as the user `local`.
///
/// The modes `open` and `off` trust every program on this machine. A proxy on this machine forwards requests from others,
/// so a forwarded request is not trusted, even though its connection comes from a loopback address.
struct AnonymousAccess: Sendable {
    let mode: AuthenticationMode
    /// Whether `ALLOW_INSECURE` is set: then requests from other machines need no credential either.
    let allowsRemote: Bool

    func isAllowed(_ context: GatewayContext) -> Bool {
        mode != .required && (allowsRemote || context.isLoopback)
    }

    /// The fault for a forwarded request without a credential.
    static let forwarded = Fault(
        .unauthorized,
        """
        Missing authorization header. This request came through a proxy; only requests sent directly from this machine \
        are answered without a credential.
        """
    )
}
