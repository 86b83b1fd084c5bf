import Contracts
import NIOHTTP1
import Testing

@testable import GatewayService

/// The limits of query parameters are those that the documentation names.
@Suite(.timeLimit(.minutes(5)))
struct QueryLimitTests {
    @Test func `values within the limits are accepted, others are refused`() async throws {
        try await DocumentedSurfaces.with { gateway, documented in
            var count = 0
            for operation in documented.paths.operations where operation.method == .GET && operation.sources.count == 1
            {
                for parameter in operation.parameters(\.query) {
                    let (valid, invalid) = values(parameter.schema)
                    count += valid.count + invalid.count
                    for (value, isValid) in valid.map({ ($0, true) }) + invalid.map({ ($0, false) }) {
                        let target = try DocumentedSurfaces.path(operation) + "?\(parameter.name)=\(value)"
                        let answer = try await gateway.ask(
                            .GET,
                            target,
                            token: TestGateway.token("alice", role: "admin")
                        )
                        #expect(isValid == (answer.status < 400), "\(target): \(answer.status) \(answer.body)")
                        #expect(answer.status < 500, "\(target)")
                    }
                }
            }
            #expect(count > 40)
        }
    }

    @Test func `the documented defaults are used`() async throws {
        try await DocumentedSurfaces.with { gateway, documented in
            for operation in documented.paths.operations where operation.method == .GET && operation.sources.count == 1
            {
                let target = try DocumentedSurfaces.path(operation)
                let answer = try await gateway.ask(.GET, target, token: TestGateway.token("alice", role: "admin"))
                guard answer.status == 200, case .object(let members)? = try? JSONValue(answer.body) else { continue }
                for parameter in operation.parameters(\.query) {
                    guard let value = parameter.defaultValue, let used = members[parameter.name], !used.isArray
                    else { continue }
                    let expected = try JSONValue(value.text)
                    #expect(used == expected, "\(target) \(parameter.name)")
                }
            }
        }
    }

    /// Values at and beyond the limits of a schema.
    private func values(_ schema: Schema) -> (valid: [String], invalid: [String]) {
        switch schema {
        case .integer(let range?):
            (
                ["\(range.lowerBound)", "\(range.upperBound)"],
                ["\(range.lowerBound &- 1)", "\(range.upperBound &+ 1)", "x", "1.5", "1e1"]
            )
        case .values(let values): (values, ["x"])
        case .string(let rules) where rules.format == "uuid": (["\(Sample.persona.id)"], ["x", "1"])
        case .string(let rules) where rules.format == "date": (["2026-11-21"], ["x", "2026-02-30", "2026-1-1"])
        case .anyOf(let schemas):
            (schemas.flatMap { values($0).valid }, ["x"])
        default: ([], [])
        }
    }
}
