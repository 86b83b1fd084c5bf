import Contracts
import NIOHTTP1

/// An operation of the OpenAPI document: the routes of one method and path.
///
/// There are several where conditions decide between them, such as a parameter of the query.
struct OpenAPIOperation: Sendable {
    /// A route with its surface.
    struct Source: Sendable {
        let surface: Surface
        let route: Route
        let documentation: RouteDocumentation
        let errors: RouteErrors
        let template: PathTemplate

        var access: Access { route.options.access ?? surface.defaults.access }
        var bodyLimit: Int { route.options.bodyLimit ?? surface.defaults.bodyLimit }
        /// The statuses of errors in the surface's format.
        var errorStatuses: Set<Int> {
            errors.statuses(of: route, documentation).subtracting(documentation.responses.map(\.status))
        }
    }

    let method: HTTPMethod
    /// The path as OpenAPI writes it: a parameter for the rest of the path looks like any other.
    let path: String
    /// The names of the path's parameters.
    let parameters: [String]
    private(set) var sources: [Source]

    init(_ source: Source, path: String, parameters: [String]) {
        method = source.route.method
        self.path = path
        self.parameters = parameters
        sources = [source]
    }

    mutating func add(_ source: Source) {
        sources.append(source)
    }

    /// The name of the operation in generated clients: `getV1ModelsByModel`.
    var id: String {
        let words = path.split(separator: "/").map { segment in
            segment.hasPrefix("{") ? "By" + Self.word(segment.dropFirst().dropLast()) : Self.word(segment)
        }
        return method.rawValue.lowercased() + (words.isEmpty ? "Root" : words.joined())
    }

    private static func word(_ segment: Substring) -> String {
        segment.split { !$0.isLetter && !$0.isNumber }.map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    }

    /// The names of the surfaces, without repetition.
    var tags: [String] {
        sources.map(\.surface.name).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }

    var summary: String { sources.map(\.documentation.summary).joined(separator: ", or: ") }

    var description: String {
        guard sources.count > 1 else { return sources.first?.documentation.description ?? "" }
        return sources.map { source in
            let condition = source.route.condition.map { "With \($0.name): " } ?? "Otherwise: "
            let text = [source.documentation.summary + ".", source.documentation.description ?? ""]
            return condition + text.filter { !$0.isEmpty }.joined(separator: " ")
        }
        .joined(separator: "\n\n")
    }

    /// Who may use the operation; of several routes, every level.
    var access: [Access] {
        sources.map(\.access).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }

    /// The parameters of the query or of the headers, without repetition; those of one route among several are optional.
    func parameters(
        _ member: KeyPath<RouteDocumentation, [RouteDocumentation.Parameter]>
    ) -> [RouteDocumentation.Parameter] {
        sources.flatMap { $0.documentation[keyPath: member] }.reduce(into: []) { merged, parameter in
            guard !merged.contains(where: { $0.name.lowercased() == parameter.name.lowercased() }) else { return }
            var parameter = parameter
            if sources.count > 1 { parameter.isRequired = false }
            merged.append(parameter)
        }
    }

    /// The path's parameters with the names that the document uses.
    var pathParameters: [RouteDocumentation.Parameter] {
        parameters.enumerated().map { index, name in
            for source in sources {
                let own = source.template.parameters[index]
                guard var parameter = source.documentation.path.first(where: { $0.name == own }) else { continue }
                parameter.name = name
                parameter.isRequired = true
                return parameter
            }
            return RouteDocumentation.Parameter(name: name, schema: .string, isRequired: true)
        }
    }
}
