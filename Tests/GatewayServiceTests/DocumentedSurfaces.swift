import Contracts
import Foundation
import HTTP
import NIOHTTP1
import Synchronization

@testable import GatewayService

/// The surfaces of a gateway with scripted services, and requests that are made from their documentation.
struct DocumentedSurfaces {
    let surfaces: [Surface]
    let paths: OpenAPIPaths

    /// Runs a gateway in a mode, with the surfaces of the real one.
    static func with<Value>(
        _ mode: AuthenticationMode = .open,
        _ body: (TestGateway, DocumentedSurfaces) async throws -> Value
    ) async throws -> Value {
        let box = Mutex<[Surface]>([])
        let keep: @Sendable (GatewayServices) -> [Surface] = { services in
            let surfaces = GatewaySurfaces.all(services)
            box.withLock { $0 = surfaces }
            return surfaces
        }
        let examples = [
            ("242fee1b-fe1f-4fa3-ba77-6287b0fe4a13", Persona.BuiltIn.functionAgent),
            ("019abf3e5d607b0c9a2f4d1e6c7b8a90", Persona.BuiltIn.sitcomTrivia),
        ]
        let services = ScriptedServices(ScriptedSession(examples: examples))
        let settings = ["AUTH_MODE": mode.rawValue]
        return try await TestGateway.with(settings, services: services, surfaces: keep) { gateway in
            let surfaces = box.withLock { $0 }
            let paths = try OpenAPIPaths(surfaces, mode: mode)
            return try await body(gateway, DocumentedSurfaces(surfaces: surfaces, paths: paths))
        }
    }

    /// The path of a request for an operation, with the examples of its parameters.
    static func path(_ operation: OpenAPIOperation) throws -> String {
        var path = operation.path
        for parameter in operation.pathParameters {
            let value = try example(parameter)
            let encoded = value.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? value
            path = path.replacing("{\(parameter.name)}", with: encoded)
        }
        return path
    }

    private static func example(_ parameter: RouteDocumentation.Parameter) throws -> String {
        if let example = parameter.example {
            guard case .text(let text) = try JSONValue(example.text) else { return example.text }
            return text
        }
        switch parameter.schema {
        case .string(let rules) where rules.format == "uuid": return Sample.run.id.description
        case .values(let values): return values.first ?? "x"
        default: return "x"
        }
    }

    /// The query and the headers with which one route of an operation takes the request.
    static func selection(_ source: OpenAPIOperation.Source) -> (query: String, headers: HTTPHeaders) {
        var query = source.documentation.query.filter(\.isRequired).map { parameter in
            let value = ((try? example(parameter)) ?? "x").addingPercentEncoding(withAllowedCharacters: .alphanumerics)
            return "\(parameter.name)=\(value ?? "x")"
        }
        guard let condition = source.route.condition else { return (Self.joined(query), [:]) }
        if condition.name == RouteCondition.acceptsHTML.name { return (Self.joined(query), ["accept": "text/html"]) }
        let name = condition.name.split(separator: " ").last.map(String.init) ?? ""
        if !query.contains(where: { $0.hasPrefix(name + "=") }) { query.append("\(name)=alice") }
        return (Self.joined(query), [:])
    }

    private static func joined(_ query: [String]) -> String {
        query.isEmpty ? "" : "?" + query.joined(separator: "&")
    }
}
