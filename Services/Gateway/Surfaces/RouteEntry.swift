import NIOHTTP1

/// A route in the table, with the defaults of its surface filled in.
final class RouteEntry: Sendable {
    let surface: Surface
    let template: PathTemplate
    let method: HTTPMethod
    let condition: RouteCondition?
    let access: Access
    let slash: SlashPolicy
    let bodyLimit: Int
    let bodyTimeout: BodyTimeout.Limits
    let handler: Route.Handler
    /// Whether a request with `GET` also answers `HEAD`.
    let answersHead: Bool
    let metrics: RouteMetrics

    init(_ route: Route, of surface: Surface) throws {
        self.surface = surface
        template = try PathTemplate(route.path)
        method = route.method
        condition = route.condition
        access = route.options.access ?? surface.defaults.access
        slash = route.options.slash ?? surface.defaults.slash
        bodyLimit = route.options.bodyLimit ?? surface.defaults.bodyLimit
        bodyTimeout = route.options.bodyTimeout ?? surface.defaults.bodyTimeout
        handler = route.handler
        answersHead = route.method == .GET && !route.changesState
        metrics = RouteMetrics(surface: surface.name, route: route.options.metricName ?? route.path)
        guard !route.needsPrincipal || access.guaranteesPrincipal else {
            throw InvalidRoute(
                "The handler of \(method) \(route.path) needs a principal, but its access level is \(access)."
            )
        }
    }

    /// Whether the route exists at its path with, or without, a trailing slash.
    func accepts(trailingSlash: Bool) -> Bool {
        slash == .both || template.hasTrailingSlash == trailingSlash
    }

    /// Whether both routes answer the same requests.
    func conflicts(with other: RouteEntry) -> Bool {
        method == other.method && condition?.name == other.condition?.name
            && [true, false].contains { accepts(trailingSlash: $0) && other.accepts(trailingSlash: $0) }
    }
}

/// All routes of one path.
struct PathEntry: Sendable {
    /// Those with a condition first.
    private var routes: [RouteEntry] = []
    /// For a form of the path that does not exist.
    let unknownPath: Resolution

    init(unknownPath: Resolution) {
        self.unknownPath = unknownPath
    }

    mutating func add(_ entry: RouteEntry) throws(InvalidRoute) {
        if let other = routes.first(where: { $0.conflicts(with: entry) }) {
            throw InvalidRoute(
                """
                The surfaces \(other.surface.name) and \(entry.surface.name) both answer \(entry.method) \
                \(entry.template.shape). Give one of the routes a condition.
                """
            )
        }
        let index = entry.condition == nil ? routes.endIndex : routes.firstIndex { $0.condition == nil }
        routes.insert(entry, at: index ?? routes.endIndex)
    }

    /// The route of a request to this path; `values` are those of the path's parameters.
    func resolve(_ head: HTTPRequestHead, hasTrailingSlash: Bool, _ values: [Substring]) -> Resolution {
        if let entry = entry(for: head.method, head, hasTrailingSlash) ?? headEntry(head, hasTrailingSlash) {
            return Resolution(entry, values) ?? unknownPath
        }
        let present = routes.filter { $0.accepts(trailingSlash: hasTrailingSlash) }
        let redirecting = routes.filter { $0.slash == .redirect && !$0.accepts(trailingSlash: hasTrailingSlash) }
        let redirect = redirecting.first { $0.method == head.method } ?? (present.isEmpty ? redirecting.first : nil)
        if let redirect { return Resolution(redirect: head.uri, removesSlash: hasTrailingSlash, redirect) }
        guard let first = present.first else { return unknownPath }
        let methods = Self.methods(of: present)
        return head.method == .OPTIONS
            ? Resolution(options: methods + ["OPTIONS"], first) : Resolution(methodNotAllowed: methods, first)
    }

    /// `GET` answers `HEAD` where no route does, unless it changes something.
    private func headEntry(_ head: HTTPRequestHead, _ hasTrailingSlash: Bool) -> RouteEntry? {
        head.method == .HEAD ? entry(head, hasTrailingSlash, where: \.answersHead) : nil
    }

    private func entry(for method: HTTPMethod, _ head: HTTPRequestHead, _ hasTrailingSlash: Bool) -> RouteEntry? {
        entry(head, hasTrailingSlash) { $0.method == method }
    }

    private func entry(
        _ head: HTTPRequestHead,
        _ hasTrailingSlash: Bool,
        where isPossible: (RouteEntry) -> Bool
    ) -> RouteEntry? {
        routes.first { entry in
            guard isPossible(entry), entry.accepts(trailingSlash: hasTrailingSlash) else { return false }
            return entry.condition?.matches(head, RequestQuery(target: head.uri)) ?? true
        }
    }

    private static func methods(of routes: [RouteEntry]) -> [String] {
        var methods = Set(routes.map(\.method.rawValue))
        if routes.contains(where: \.answersHead) { methods.insert("HEAD") }
        return methods.sorted()
    }
}
