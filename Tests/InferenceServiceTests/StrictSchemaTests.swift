import Contracts
import NIOCore
import Testing

@testable import InferenceService

/// The subset of JSON Schema that `"strict": true` permits.
@Suite struct StrictSchemaTests {
    private func plan(_ schema: String, isStrict: Bool = true) throws(Fault) -> ToolPlan {
        let format = #"{"type":"json_schema","json_schema":{"name":"trip","strict":\#(isStrict),"schema":\#(schema)}}"#
        return try ToolPlan(tools: nil, format: ByteBuffer(string: format))
    }

    @Test(arguments: [
        #"{"type":"object","properties":{},"additionalProperties":false}"#,
        ##"{"type":"object","properties":{"a":{"type":["string","null"],"description":"x","pattern":"^(a+)+$"},"b":{"anyOf":[{"type":"number"},{"$ref":"#/$defs/c"}]}},"required":["b","a"],"additionalProperties":false,"$defs":{"c":{"type":"array","items":{"enum":["x"]},"minItems":1}}}"##,
        ##"{"type":"object","properties":{"next":{"$ref":"#"}},"required":["next"],"additionalProperties":false}"##,
    ])
    func `a schema in the subset is accepted`(_ schema: String) throws {
        try StrictSchema.check(plan(schema))
    }

    @Test(arguments: [
        (#"{"type":"object","properties":{}}"#, "In context=(), 'additionalProperties' is required"),
        (#"{"type":"string"}"#, "the schema must have the type 'object'"),
        (
            #"{"type":"object","properties":{"a":{"type":"string"}},"additionalProperties":false}"#,
            "Missing 'a'."
        ),
        (
            #"{"type":"object","properties":{"a":{"type":"object"}},"required":["a"],"additionalProperties":false}"#,
            "In context=('properties', 'a'), 'additionalProperties'"
        ),
        (
            #"{"type":"object","properties":{"a":{"oneOf":[]}},"required":["a"],"additionalProperties":false}"#,
            "In context=('properties', 'a'), 'oneOf' is not permitted."
        ),
        (
            #"{"type":"object","properties":{"a":{"type":"array"}},"required":["a"],"additionalProperties":false}"#,
            "array schema missing items."
        ),
        (
            #"{"type":"object","properties":{"a":{}},"required":["a"],"additionalProperties":false}"#,
            "schema must have a 'type' key."
        ),
        (
            #"{"type":"object","properties":{"a":true},"required":["a"],"additionalProperties":false}"#,
            "a schema must be an object."
        ),
        (
            #"{"type":"object","properties":{"a":{"$ref":"https://x/y"}},"required":["a"],"additionalProperties":false}"#,
            "'$ref' must refer to a definition in the same schema."
        ),
        (
            #"{"type":"object","properties":{"a":{"enum":["#
                + (0..<1001).map(String.init).joined(separator: ",")
                + #"]}},"required":["a"],"additionalProperties":false}"#,
            "more than 1000 values"
        ),
        (
            (0..<12).reduce(#"{"type":"string"}"#) { inner, _ in
                #"{"type":"object","properties":{"a":\#(inner)},"required":["a"],"additionalProperties":false}"#
            }, "more than 10 levels"
        ),
        (
            String(repeating: #"{"type":"object","properties":{"a":"#, count: 5000)
                + "1" + String(repeating: "}}", count: 5000), "too large or nested too deeply"
        ),
    ])
    func `a schema outside of it is refused with the place`(_ schema: String, _ words: String) throws {
        let fault = try #require(throws: Fault.self) { try StrictSchema.check(plan(schema)) }
        #expect(fault.code == .invalid)
        #expect(fault.message.hasPrefix("Invalid schema for response_format 'trip': "))
        #expect(fault.message.contains(words), "\(fault.message)")
        try StrictSchema.check(plan(schema, isStrict: false))
    }

    @Test func `strict tools are checked as well`() throws {
        let tools = #"[{"type":"function","function":{"name":"f","strict":true,"parameters":{"type":"object"}}}]"#
        let plan = try ToolPlan(tools: ByteBuffer(string: tools))
        let fault = try #require(throws: Fault.self) { try StrictSchema.check(plan) }
        #expect(fault.message.hasPrefix("Invalid schema for function 'f': "))
    }
}
