import Contracts
import NIOHTTP1

/// The paths and operations of all surfaces, in the order of the table.
struct OpenAPIPaths: Sendable {
    /// A path with its operations.
    struct Path: Sendable {
        let path: String
        var operations: [OpenAPIOperation]
    }

    private(set) var paths: [Path] = []

    /// Throws `InvalidRoute` for a path that is not a template.
    init(_ surfaces: [Surface], mode: AuthenticationMode) throws {
        var indexes: [String: Int] = [:]
        var names: [String: [String]] = [:]
        for surface in surfaces {
            let errors = RouteErrors(surface: surface, mode: mode)
            for route in surface.routes {
                let template = try PathTemplate(route.path)
                let key = template.shape + (template.hasTrailingSlash ? "/" : "")
                // One path has one set of names: those of its first route.
                let parameters = names[template.shape] ?? template.parameters
                names[template.shape] = parameters
                let source = OpenAPIOperation.Source(
                    surface: surface,
                    route: route,
                    documentation: route.documentation ?? RouteDocumentation(summary: "Undocumented"),
                    errors: errors,
                    template: template
                )
                let index = indexes[key] ?? paths.count
                if index == paths.count {
                    indexes[key] = index
                    paths.append(Path(path: Self.path(template, parameters), operations: []))
                }
                paths[index].add(source, parameters)
            }
        }
    }

    var operations: [OpenAPIOperation] { paths.flatMap(\.operations) }

    private static func path(_ template: PathTemplate, _ names: [String]) -> String {
        var names = names[...]
        let path = template.segments.map { segment in
            switch segment {
            case .literal(let text): "/" + text
            case .parameter, .rest: "/{\(names.popFirst() ?? "")}"
            }
        }
        .joined()
        return path.isEmpty ? "/" : path + (template.hasTrailingSlash ? "/" : "")
    }
}

extension OpenAPIPaths.Path {
    fileprivate mutating func add(_ source: OpenAPIOperation.Source, _ parameters: [String]) {
        if let index = operations.firstIndex(where: { $0.method == source.route.method }) {
            operations[index].add(source)
        } else {
            operations.append(OpenAPIOperation(source, path: path, parameters: parameters))
        }
    }
}
