import Hummingbird

/// Which methods each path takes; for the answer to a wrong one.
struct RouteList: Sendable {
    private var routes: [(method: String, segments: [Substring])] = []

    mutating func add(_ method: HTTPRequest.Method, _ path: String) {
        routes.append((method.rawValue, path.split(separator: "/")))
        // Whatever can be got can be asked after.
        if method == .get { routes.append((HTTPRequest.Method.head.rawValue, path.split(separator: "/"))) }
    }

    /// The methods that a path takes; none when it does not exist.
    ///
    /// A route whose last part is `**` takes what is left over by those that name a path in full.
    func methods(for path: String) -> [String] {
        let segments = path.split(separator: "/")
        let exact = routes.filter { $0.segments.count == segments.count && Self.matches($0.segments, segments) }
        let matching =
            exact.isEmpty
            ? routes.filter { route in
                route.segments.last == "**" && route.segments.count <= segments.count
                    && Self.matches(route.segments.dropLast(), segments)
            } : exact
        return matching.map(\.method).sorted()
    }

    private static func matches(_ route: some Sequence<Substring>, _ segments: [Substring]) -> Bool {
        zip(route, segments).allSatisfy { $0.hasPrefix(":") || $0 == $1 }
    }
}
