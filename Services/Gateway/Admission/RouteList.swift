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
    func methods(for path: String) -> [String] {
        let segments = path.split(separator: "/")
        let matching = routes.filter { route in
            let isOpenEnded = route.segments.last == "**"
            return (isOpenEnded ? route.segments.count <= segments.count : route.segments.count == segments.count)
                && zip(route.segments, segments).allSatisfy { $0.hasPrefix(":") || $0 == "**" || $0 == $1 }
        }
        return matching.map(\.method).sorted()
    }
}
