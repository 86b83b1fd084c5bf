import NIOHTTP1

/// What the surface table found for a request; travels with the request from its head to its response.
final class Resolution: Sendable {
    enum Action: Sendable {
        case route(RouteEntry)
        /// The path exists with, or without, a trailing slash.
        case redirect(to: String)
        /// `OPTIONS` of a path without a route for it.
        case options(allow: String)
        case methodNotAllowed(allow: String)
        case unknownPath
    }

    /// The surface in whose format errors are answered.
    let surface: Surface
    let action: Action
    let parameters: PathParameters
    let metrics: RouteMetrics
    /// Maximum body size, in bytes.
    let bodyLimit: Int
    let bodyTimeout: BodyTimeout.Limits

    private init(_ entry: RouteEntry, _ action: Action, _ parameters: PathParameters = PathParameters()) {
        surface = entry.surface
        self.action = action
        self.parameters = parameters
        metrics = entry.metrics
        bodyLimit = entry.bodyLimit
        bodyTimeout = entry.bodyTimeout
    }

    init(unknownPathOf surface: Surface) {
        self.surface = surface
        action = .unknownPath
        parameters = PathParameters()
        metrics = RouteMetrics(surface: surface.name, route: "none")
        bodyLimit = surface.defaults.bodyLimit
        bodyTimeout = surface.defaults.bodyTimeout
    }

    /// `nil` where a parameter of one segment has an encoded slash: no path of the route has one.
    convenience init?(_ entry: RouteEntry, _ values: [Substring]) {
        guard !values.isEmpty else {
            self.init(entry, .route(entry))
            return
        }
        let single = entry.template.segments.last == .rest ? values.dropLast() : values[...]
        guard !single.contains(where: Self.hasEncodedSlash) else { return nil }
        self.init(entry, .route(entry), PathParameters(names: entry.template.parameters, values: values))
    }

    convenience init(redirect target: String, removesSlash: Bool, _ entry: RouteEntry) {
        let end = target.utf8.firstIndex(of: UInt8(ascii: "?")) ?? target.endIndex
        let path = removesSlash ? String(target[..<end].dropLast()) : target[..<end] + "/"
        self.init(entry, .redirect(to: path + target[end...]))
    }

    convenience init(options methods: [String], _ entry: RouteEntry) {
        self.init(entry, .options(allow: methods.joined(separator: ", ")))
    }

    convenience init(methodNotAllowed methods: [String], _ entry: RouteEntry) {
        self.init(entry, .methodNotAllowed(allow: methods.joined(separator: ", ")))
    }

    private static func hasEncodedSlash(_ value: Substring) -> Bool {
        guard value.utf8.contains(UInt8(ascii: "%")) else { return false }
        return value.lowercased().contains("%2f")
    }
}
