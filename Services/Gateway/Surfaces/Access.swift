import Contracts

/// Who may use a route.
///
/// | | mode `required` | mode `open` | mode `off` |
/// |---|---|---|---|
/// | `unchecked` | everybody | everybody | everybody |
/// | `anyone` | everybody | everybody | everybody |
/// | `identified` | a credential | a credential | everybody, as `local` |
/// | `localInOpenMode` | a credential | everybody, as `local` | everybody, as `local` |
/// | `admin` | an admin's credential | an admin's credential | everybody, as `local` |
/// | `adminOrLoopback` | an admin, or a client on this machine | the same | everybody |
///
/// An invalid credential is refused at every level but `unchecked`.
enum Access: Sendable {
    /// No authenticator and no rate limit, for health probes.
    case unchecked
    /// A credential is optional.
    case anyone
    /// A credential is required.
    case identified
    /// A credential is optional while the gateway is open; a bearer token that is not a JWT is ignored then.
    case localInOpenMode
    /// A credential with the role `admin` is required.
    case admin
    /// A credential with the role `admin`, or a connection from this machine.
    case adminOrLoopback

    /// Whether every request that is let through has a principal.
    var guaranteesPrincipal: Bool {
        switch self {
        case .unchecked, .anyone, .adminOrLoopback: false
        case .identified, .localInOpenMode, .admin: true
        }
    }

    /// Throws `unauthorized` or `forbidden` unless the context may use the route.
    func check(_ context: GatewayContext) throws {
        if guaranteesPrincipal, context.principal == nil {
            throw context.missingCredential
        }
        let isAdmin = context.principal?.role == .admin
        switch self {
        case .admin where !isAdmin: throw Fault(.forbidden, "This needs the role admin.")
        case .adminOrLoopback where !isAdmin && !context.isLoopback:
            throw Fault(.forbidden, "This needs the role admin, or a client on the gateway's own machine.")
        default: break
        }
    }
}
