import Contracts
import NIOCore
import Testing

@testable import InferenceService

@Suite struct ToolPlanTests {
    private static let schema = #"{ "type":"object","properties":{"name":{"type":"string"}} }"#
    private static let tools = #"""
        [{"type":"function","function":{"description":"Says \"it\".","parameters":\#(schema),"name":"weather","strict":true}},
         {"function":{"name":"now"},"type":"function"}]
        """#

    private func plan(
        _ tools: String? = tools,
        choice: String? = nil,
        format: String? = nil
    ) throws(Fault) -> ToolPlan {
        try ToolPlan(
            tools: tools.map { ByteBuffer(string: $0) },
            choice: choice.map { ByteBuffer(string: $0) },
            format: format.map { ByteBuffer(string: $0) }
        )
    }

    @Test func `tools are read, and their declarations stay as they are`() throws {
        let plan = try plan()
        #expect(plan.tools.map(\.name) == ["weather", "now"])
        #expect(plan.tools[0].description == "Says \"it\".")
        #expect(plan.tools[0].parameters.map { String(buffer: $0) } == Self.schema)
        #expect(plan.tools.map(\.isStrict) == [true, nil])
        #expect(plan.tools[1].parameters == nil)
        #expect(plan.declarations.map { String(buffer: $0) } == Self.tools)
        #expect(plan.mayCallTools && !plan.hasOtherTools && plan.choice == .auto)
    }

    @Test(arguments: [
        (#""auto""#, ToolChoice.auto, ["weather", "now"]), (#""none""#, .none, []),
        (#""required""#, .required, ["weather", "now"]), ("null", .auto, ["weather", "now"]),
        (#"{"type":"function","function":{"name":"now"}}"#, .named("now"), ["now"]),
        (#"{"type":"function","name":"now"}"#, .named("now"), ["now"]),
        (
            #"{"type":"allowed_tools","allowed_tools":{"mode":"required","tools":[{"type":"function","function":{"name":"now"}}]}}"#,
            .allowed(["now"], isRequired: true), ["now"]
        ),
        (
            #"{"type":"allowed_tools","mode":"auto","tools":[{"type":"function","name":"now"},{"name":"weather"}]}"#,
            .allowed(["now", "weather"], isRequired: false), ["weather", "now"]
        ), ("5", .other, ["weather", "now"]), (#"{"type":"custom"}"#, .other, ["weather", "now"]),
    ])
    func `the choice is read in all its forms`(_ json: String, _ choice: ToolChoice, _ callable: [String]) throws {
        let plan = try plan(choice: json)
        #expect(plan.choice == choice)
        #expect(plan.callable.map(\.name) == callable)
    }

    @Test func `a choice of an undeclared tool is invalid`() throws {
        let choices = [
            #"{"type":"function","function":{"name":"other"}}"#,
            #"{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[{"function":{"name":"other"}}]}}"#,
        ]
        for choice in choices {
            let fault = try #require(throws: Fault.self) { try plan(choice: choice) }
            #expect(fault.code == .invalid && fault.message.contains("other"))
        }
    }

    @Test(arguments: ["{}", "[{]", #"[{"type":"function","function":{"name":"x","parameters":{"a" 1}}}]"#, "[1", "7"])
    func `tools that are no JSON array are invalid`(_ tools: String) throws {
        let fault = try #require(throws: Fault.self) { try plan(tools) }
        #expect(fault.code == .invalid)
    }

    @Test(arguments: ["[]", " [ ] ", "null"])
    func `an empty list is as good as none`(_ tools: String) throws {
        let plan = try plan(tools)
        #expect(plan.declarations == nil && !plan.mayCallTools)
    }

    @Test func `tools of other types are noticed`() throws {
        #expect(try plan(#"[{"type":"custom","custom":{"name":"x"}}]"#).hasOtherTools)
        #expect(try plan(#"[{"type":"function"}]"#).hasOtherTools)
    }

    @Test(arguments: [
        (#"{"type":"text"}"#, ResponseFormat.text), (#"{"type":"json_object"}"#, .json), ("5", .text),
        (#"{"type":"json_schema","json_schema":{"name":"x"}}"#, .json),
        (
            #"{"type":"json_schema","json_schema":{"name":"x","strict":true,"schema":{"type": "object"}}}"#,
            .schema(.init(name: "x", json: ByteBuffer(string: #"{"type": "object"}"#), isStrict: true))
        ),
    ])
    func `the response format is read`(_ json: String, _ format: ResponseFormat) throws {
        #expect(try plan(format: json).format == format)
    }

    @Test func `a renamed tool keeps the rest of its declaration`() throws {
        let plan = try plan(choice: #"{"type":"function","function":{"name":"now"}}"#).renamed { "\"" + $0 }
        let wanted = #"""
            [{"type":"function","function":{"description":"Says \"it\".","parameters":\#(Self.schema),"name":"\"weather","strict":true}},\#
            {"function":{"name":"\"now"},"type":"function"}]
            """#
        #expect(plan.declarations.map { String(buffer: $0) } == wanted)
        #expect(plan.choice == .named("\"now"))
        #expect(
            plan.choiceJSON.map { String(buffer: $0) } == #"{"type":"function","function":{"name":"\"now"}}"#
        )
        // The place of the name is still right.
        #expect(plan.renamed { String($0.dropFirst()) }.tools.map(\.name) == ["weather", "now"])
    }

    @Test func `a format beside tools becomes an instruction, unless both are supported`() throws {
        let format = #"{"type":"json_schema","json_schema":{"name":"x","schema":{"type":"object"}}}"#
        let auto = try plan(format: format)
        #expect(auto.formatRequest(withTools: true) == FormatRequest(format: auto.format))
        #expect(auto.formatRequest(withTools: false).format == .text)
        #expect(auto.formatRequest(withTools: false).instruction?.contains(#"{"type":"object"}"#) == true)
        let required = try plan(choice: #""required""#, format: format)
        #expect(required.formatRequest(withTools: false) == FormatRequest())
        let none = try plan(choice: #""none""#, format: format)
        #expect(none.formatRequest(withTools: false) == FormatRequest(format: none.format))
    }
}
