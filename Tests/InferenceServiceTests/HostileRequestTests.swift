import Bus
import Contracts
import Foundation
import TestSupport
import Testing

/// Requests whose cost grows faster than their size, sent to the built-in model through the service.
@Suite(.timeLimit(.minutes(5))) struct HostileRequestTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let schema: String
        /// Whether an instance exists within the limits.
        let hasInstance: Bool

        init(_ name: String, _ schema: String, hasInstance: Bool = false) {
            testDescription = name
            self.schema = schema
            self.hasInstance = hasInstance
        }
    }

    private static func nested(_ depth: Int, _ open: String, _ close: String, _ inner: String) -> String {
        String(repeating: open, count: depth) + inner + String(repeating: close, count: depth)
    }

    private static let names = (0..<5000).map { "\"n\($0)\"" }.joined(separator: ",")
    private static let long = String(repeating: "x", count: 60_000)

    static let schemas = [
        Case("array of itself", ##"{"type":"array","minItems":16,"items":{"$ref":"#"}}"##),
        Case("array of two of itself", ##"{"type":"array","minItems":2,"items":{"$ref":"#"}}"##),
        Case("10^18 items", #"{"type":"array","minItems":1000000000000000000,"items":{"type":"string"}}"#),
        Case("1e18 items", #"{"type":"array","minItems":1e18,"items":{"type":"integer"}}"#),
        Case("arrays that multiply", nested(10, #"{"type":"array","minItems":16,"items":"#, "}", #"{"type":"null"}"#)),
        Case("required property of itself", ##"{"type":"object","properties":{"a":{"$ref":"#"}},"required":["a"]}"##),
        Case(
            "two required properties of itself",
            ##"{"type":"object","properties":{"a":{"$ref":"#"},"b":{"$ref":"#"}},"required":["a","b"]}"##
        ),
        Case("choice of itself", ##"{"anyOf":[{"$ref":"#"},{"$ref":"#"}]}"##),
        Case(
            "definitions that require each other",
            """
            {"$ref":"#/$defs/A","$defs":{"A":{"type":"object","properties":{"b":{"$ref":"#/$defs/B"}},"required":["b"]},\
            "B":{"type":"array","minItems":3,"items":{"$ref":"#/$defs/A"}}}}
            """
        ),
        Case(
            "definitions that double",
            "{\"$ref\":\"#/$defs/d0\",\"$defs\":{"
                + (0..<40).map {
                    "\"d\($0)\":{\"type\":\"array\",\"minItems\":2,\"items\":{\"$ref\":\"#/$defs/d\($0 + 1)\"}}"
                }
                .joined(separator: ",") + ",\"d40\":{\"type\":\"string\"}}}"
        ),
        Case("a billion characters", #"{"type":"string","minLength":1000000000}"#),
        Case("5000 required properties", #"{"type":"object","required":[\#(names)]}"#),
        Case(
            "long names in many items",
            """
            {"type":"array","minItems":100,"items":{"type":"object","required":["\(long)"]}}
            """
        ),
        Case(
            "a long value in many items",
            """
            {"type":"array","minItems":100,"items":{"enum":["\(long)"]}}
            """
        ),
        Case("50 nested arrays", nested(50, #"{"type":"array","minItems":1,"items":"#, "}", "{}"), hasInstance: true),
        Case("2000 subschemas", #"{"anyOf":[\#((0..<2000).map { _ in "{}" }.joined(separator: ","))]}"#),
        Case("a large schema", #"{"description":"\#(String(repeating: long, count: 20))","type":"string"}"#),
        Case("a reference to itself", ##"{"$ref":"#"}"##, hasInstance: true),
        Case(
            "a tree",
            """
            {"type":"object","properties":{"left":{"$ref":"#"},"right":{"$ref":"#"},"more":{"type":"array",\
            "items":{"$ref":"#"}}}}
            """,
            hasInstance: true
        ),
        Case(
            "a tree with a required value",
            """
            {"type":"object","properties":{"value":{"type":"string"},"children":{"type":"array","items":{"$ref":"#"}}},\
            "required":["value","children"]}
            """,
            hasInstance: true
        ),
        Case(
            "a choice with one finite alternative",
            """
            {"anyOf":[{"type":"array","minItems":2,"items":{"$ref":"#"}},{"type":"integer"}]}
            """,
            hasInstance: true
        ),
        Case(
            "a list that ends with null",
            """
            {"type":"object","properties":{"next":{"anyOf":[{"$ref":"#"},{"type":"null"}]}},"required":["next"]}
            """,
            hasInstance: true
        ),
        Case(
            "10,000 values",
            #"{"enum":[\#((0..<10_000).map(String.init).joined(separator: ","))]}"#,
            hasInstance: true
        ),
        Case("a catastrophic pattern", #"{"type":"string","pattern":"^(a+)+$"}"#, hasInstance: true),
        Case("900 items", #"{"type":"array","minItems":900,"items":{"type":"integer"}}"#, hasInstance: true),
        Case("5000 characters", #"{"type":"string","minLength":5000}"#, hasInstance: true),
    ]

    @Test func `every schema is answered or rejected while the service serves other calls`() async throws {
        try await withInference { bus in
            let memory = try residentBytes()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for schema in Self.schemas {
                    group.addTask { try await answer(schema, asTool: false, bus) }
                    group.addTask { try await answer(schema, asTool: true, bus) }
                }
                group.addTask { try await callRepeatedly(bus, times: 50) }
                try await group.waitForAll()
            }
            #expect(try residentBytes() - memory < 512 << 20)
        }
    }

    private func answer(_ schema: Case, asTool: Bool, _ bus: HTTPBus) async throws {
        var request = question("Plan 3 trips to Rome", model: "demo/demo")
        if asTool {
            request.tools = RawJSON(#"[{"type":"function","function":{"name":"plan","parameters":\#(schema.schema)}}]"#)
            request.toolChoice = RawJSON(#"{"type":"function","function":{"name":"plan"}}"#)
        } else {
            request.responseFormat = RawJSON(
                #"{"type":"json_schema","json_schema":{"name":"plan","schema":\#(schema.schema)}}"#
            )
        }
        let outcome = try await bus.outcome(request)
        guard schema.hasInstance else {
            #expect(outcome.fault?.code == .invalid, "\(schema.testDescription)")
            #expect(outcome.fault?.message.contains("plan") == true, "\(schema.testDescription)")
            return
        }
        #expect(outcome.fault == nil, "\(schema.testDescription)")
        guard !asTool else { return }
        _ = try JSONSerialization.jsonObject(with: Data(outcome.text.utf8), options: .fragmentsAllowed)
        #expect(outcome.text.utf8.count < 100_000, "\(schema.testDescription)")
    }

    /// Calls another endpoint, each call of which must be answered within a time that a blocked service would exceed.
    private func callRepeatedly(_ bus: HTTPBus, times: Int) async throws {
        for _ in 0..<times {
            _ = try await bus.call(Models.List(), CallContext(deadline: .now + .seconds(60)))
        }
    }

    @Test func `large and adversarial messages are answered while the service serves other calls`() async throws {
        let cluster = "a" + String(repeating: "\u{0301}", count: 1 << 20)
        let image = "data:image/png" + String(repeating: ";", count: 1 << 20) + "base64,AAAA"
        let calls = (0..<20_000).map { Inference.ToolCall(id: "c\($0)", name: "f", arguments: "{}") }
        let results = calls.map { Inference.Message(role: .tool, content: .text("ok"), toolCallID: $0.id) }
        let description = (0..<200_000).map { "word\($0)" }.joined(separator: " ")
        let requests = [
            question(cluster, model: "demo/demo"),
            question(String(repeating: "How are you? ", count: 200_000), model: "demo/demo"),
            question(String(repeating: "\u{1F468}\u{200D}", count: 200_000), model: "demo/demo"),
            Inference.Generate(
                model: "demo/demo",
                messages: (0..<50_000).map { Inference.Message(role: .user, content: "Tell me about \($0)") }
            ),
            Inference.Generate(
                model: "demo/demo",
                messages: [
                    .init(role: .system, content: "You are " + cluster), .init(role: .user, content: "Who are you?"),
                ]
            ),
            Inference.Generate(
                model: "demo/demo",
                messages: [
                    .init(role: .user, content: "Call it"), .init(role: .assistant, content: nil, toolCalls: calls),
                ] + results
            ),
            Inference.Generate(
                model: "demo/demo",
                messages: [
                    .init(
                        role: .user,
                        content: .parts((0..<100).map { _ in .init(image: .init(url: "data:image/png;base64,AAAA")) })
                    )
                ]
            ),
            Inference.Generate(
                model: "demo/demo",
                messages: [.init(role: .user, content: .parts([.init(image: .init(url: image))]))]
            ),
            {
                var request = question((0..<300).map { "word\($0)" }.joined(separator: " "), model: "demo/demo")
                request.tools = RawJSON(
                    "["
                        + (0..<20).map {
                            #"{"type":"function","function":{"name":"t\#($0)","description":"\#(description)"}}"#
                        }
                        .joined(separator: ",") + "]"
                )
                return request
            }(),
        ]
        try await withInference { bus in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (index, request) in requests.enumerated() {
                    group.addTask {
                        let outcome = try await bus.outcome(request)
                        #expect(outcome.fault == nil && outcome.finish != nil, "request \(index)")
                        #expect(outcome.text.utf8.count < 100_000)
                    }
                }
                group.addTask { try await callRepeatedly(bus, times: 50) }
                try await group.waitForAll()
            }
        }
    }

    @Test func `more tools than supported are rejected with the limit`() async throws {
        try await withInference { bus in
            var request = question(model: "demo/demo")
            request.tools = RawJSON(
                "[" + (0..<129).map { #"{"type":"function","function":{"name":"t\#($0)"}}"# }.joined(separator: ",")
                    + "]"
            )
            let fault = try await bus.outcome(request).fault
            #expect(fault?.code == .invalid && fault?.message.contains("128") == true)
        }
    }

    private func residentBytes() throws -> Int {
        let fields = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
        return (fields.count > 1 ? Int(fields[1]) ?? 0 : 0) * 4096
    }
}
