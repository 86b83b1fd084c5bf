/// A route's path, parsed: `/a/{id}/b`, or `/a/{name...}` for the rest of the path.
struct PathTemplate: Sendable {
    enum Segment: Sendable, Equatable {
        case literal(String)
        case parameter
        case rest
    }

    let segments: [Segment]
    /// The names of its parameters, in order.
    let parameters: [String]
    let hasTrailingSlash: Bool

    /// The template with its parameters' names left out; two templates with the same shape match the same paths.
    var shape: String {
        segments.map { segment in
            switch segment {
            case .literal(let text): "/\(text)"
            case .parameter: "/{}"
            case .rest: "/{...}"
            }
        }
        .joined()
    }

    /// Throws `InvalidRoute` for a path that is not a template.
    init(_ path: String) throws(InvalidRoute) {
        guard path.hasPrefix("/"), !path.contains("//"), !path.contains("?") else {
            throw InvalidRoute("The path \(path) must begin with a slash and contain neither // nor a query.")
        }
        hasTrailingSlash = path.hasSuffix("/") && path != "/"
        var segments: [Segment] = []
        var parameters: [String] = []
        for part in path.split(separator: "/") {
            guard part.contains(where: { $0 == "{" || $0 == "}" }) else {
                segments.append(.literal(String(part)))
                continue
            }
            let isRest = part.hasSuffix("...}")
            let name = part.dropFirst().dropLast(isRest ? 4 : 1)
            guard part.hasPrefix("{"), part.hasSuffix("}"), !name.isEmpty, !parameters.contains(String(name)),
                !name.contains(where: { $0 == "{" || $0 == "}" }), segments.last != .rest
            else { throw InvalidRoute("\(part) in the path \(path) is not a parameter such as {id} or {name...}.") }
            segments.append(isRest ? .rest : .parameter)
            parameters.append(String(name))
        }
        guard !segments.dropLast().contains(.rest), segments.last != .rest || !hasTrailingSlash else {
            throw InvalidRoute("In the path \(path), the parameter for the rest of the path must be the last segment.")
        }
        self.segments = segments
        self.parameters = parameters
    }
}

/// A surface or route that cannot be served; found at startup.
struct InvalidRoute: Error, Equatable, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
