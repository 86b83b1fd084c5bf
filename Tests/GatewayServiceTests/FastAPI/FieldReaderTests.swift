import Contracts
import HTTP
import NIOCore
import NIOHTTP1
import Testing

@testable import GatewayService

/// Validation of bodies and queries; the expected errors are what FastAPI answers.
struct FieldReaderTests {
    /// A model `{message: str, stream: bool | null = false}`.
    private static func completion(_ body: String, type: String? = "application/json") throws -> (String, Bool) {
        var fields = try FieldReader(body: try FastAPIBody.value(of: Array(body.utf8), type: type))
        let message = fields.string("message")
        let isStreamed = fields.boolean("stream", default: false)
        try fields.check()
        return (message, isStreamed)
    }

    private static func detail(_ work: () throws -> Void) throws -> String {
        let errors = try #require(throws: ValidationErrors.self, performing: work)
        let response = errors.response()
        #expect(response.status == .unprocessableEntity && response.headers["content-type"] == ["application/json"])
        guard case .whole(let body) = response.body else { return "" }
        return String(buffer: body)
    }

    private static let noString = "Input should be a valid string"
    private static let noBoolean = "Input should be a valid boolean"
    private static let unclear = "Input should be a valid boolean, unable to interpret input"
    private static let noObject = "Input should be a valid dictionary or object to extract fields from"

    @Test(arguments: [
        ("", #"{"type":"missing","loc":["body"],"msg":"Field required","input":null}"#),
        ("null", #"{"type":"missing","loc":["body"],"msg":"Field required","input":null}"#),
        ("{}", #"{"type":"missing","loc":["body","message"],"msg":"Field required","input":{}}"#),
        ("[]", #"{"type":"model_attributes_type","loc":["body"],"msg":"\#(noObject)","input":[]}"#),
        (#""x""#, #"{"type":"model_attributes_type","loc":["body"],"msg":"\#(noObject)","input":"x"}"#),
        ("3", #"{"type":"model_attributes_type","loc":["body"],"msg":"\#(noObject)","input":3}"#),
        (#"{"message":3}"#, #"{"type":"string_type","loc":["body","message"],"msg":"\#(noString)","input":3}"#),
        (#"{"message":null}"#, #"{"type":"string_type","loc":["body","message"],"msg":"\#(noString)","input":null}"#),
        (
            #"{"message":"a","stream":2}"#,
            #"{"type":"bool_parsing","loc":["body","stream"],"msg":"\#(unclear)","input":2}"#
        ),
        (
            #"{"message":"a","stream":"maybe"}"#,
            #"{"type":"bool_parsing","loc":["body","stream"],"msg":"\#(unclear)","input":"maybe"}"#
        ),
        (
            #"{"message":"a","stream":" true"}"#,
            #"{"type":"bool_parsing","loc":["body","stream"],"msg":"\#(unclear)","input":" true"}"#
        ),
        (
            #"{"message":"a","stream":[]}"#,
            #"{"type":"bool_type","loc":["body","stream"],"msg":"\#(noBoolean)","input":[]}"#
        ),
        (
            #"{"message":"a","stream":1.5}"#,
            #"{"type":"bool_type","loc":["body","stream"],"msg":"\#(noBoolean)","input":1.5}"#
        ),
        (
            #"{"stream":{"a" : 1}, "x":[1, 2.5]}"#,
            #"{"type":"missing","loc":["body","message"],"msg":"Field required","#
                + #""input":{"stream":{"a":1},"x":[1,2.5]}},"#
                + #"{"type":"bool_type","loc":["body","stream"],"msg":"\#(noBoolean)","input":{"a":1}}"#
        ),
        (
            #"{"message":{"ü":"\u00fc\n"}}"#,
            #"{"type":"string_type","loc":["body","message"],"msg":"\#(noString)","input":{"ü":"ü\n"}}"#
        ),
        (
            #"{"message":"a""#,
            #"{"type":"json_invalid","loc":["body",14],"msg":"JSON decode error","input":{},"#
                + #""ctx":{"error":"Expecting ',' delimiter"}}"#
        ),
        (
            "{message:1}",
            #"{"type":"json_invalid","loc":["body",1],"msg":"JSON decode error","input":{},"#
                + #""ctx":{"error":"Expecting property name enclosed in double quotes"}}"#
        ),
    ])
    func `an invalid body is described as FastAPI does`(_ body: String, _ expected: String) throws {
        #expect(try Self.detail { _ = try Self.completion(body) } == #"{"detail":[\#(expected)]}"#)
    }

    @Test(arguments: ["text/plain", "application/x-www-form-urlencoded", "nonsense", "text/json"])
    func `JSON sent as another type is a text`(_ type: String) throws {
        let detail = try Self.detail { _ = try Self.completion(#"{"message":"a"}"#, type: type) }
        #expect(
            detail == #"{"detail":[{"type":"model_attributes_type","loc":["body"],"msg":"\#(Self.noObject)","#
                + #""input":"{\"message\":\"a\"}"}]}"#
        )
    }

    @Test(arguments: [
        nil, "application/json", "APPLICATION/JSON", "application/json; charset=utf-8", "application/vnd.api+json",
    ])
    func `a body without a type, or with a type of JSON, is parsed`(_ type: String?) throws {
        #expect(try Self.completion(#"{"message":"a","more":1}"#, type: type) == ("a", false))
        #expect(try Self.completion("\u{FEFF}{\"message\":\"a\"}", type: type) == ("a", false))
    }

    @Test(arguments: [[0xFF], Array(#"{"message":""#.utf8) + [0xC3, 0x28]] as [[UInt8]])
    func `bytes that are not UTF-8 are a fault`(_ bytes: [UInt8]) {
        #expect(throws: (any Error).self) { try FastAPIBody.value(of: bytes, type: nil) }
    }

    @Test(
        arguments: [
            ("true", true), ("1", true), ("1.0", true), ("\"true\"", true), ("\"TRUE\"", true), ("\"t\"", true),
            ("\"yes\"", true), ("\"y\"", true), ("\"on\"", true), ("\"1\"", true), ("\"On\"", true),
            ("false", false), ("0", false), ("0.0", false), ("-0.0", false), ("\"false\"", false), ("\"F\"", false),
            ("\"no\"", false), ("\"n\"", false), ("\"off\"", false), ("\"0\"", false), ("null", false),
        ]
    )
    func `booleans are lax`(_ text: String, _ expected: Bool) throws {
        #expect(try Self.completion(#"{"message":"","stream":\#(text)}"#) == ("", expected))
    }

    @Test(arguments: ["2", "-1", "2.0", "1e2", "\"2\"", "\"\"", "\"true \"", "\"yess\""])
    func `other numbers and texts are no booleans`(_ text: String) throws {
        let detail = try Self.detail { _ = try Self.completion(#"{"message":"","stream":\#(text)}"#) }
        #expect(detail.contains("bool_parsing"))
    }

    private static func query(_ text: String) -> FieldReader {
        FieldReader(query: RequestQuery(target: "/q?" + text))
    }

    @Test(arguments: [
        ("", #"{"type":"missing","loc":["query","username"],"msg":"Field required","input":null}"#),
        (
            "username=",
            #"{"type":"string_too_short","loc":["query","username"],"#
                + #""msg":"String should have at least 1 character","input":"","ctx":{"min_length":1}}"#
        ),
        (
            "username=a&limit=x",
            #"{"type":"int_parsing","loc":["query","limit"],"#
                + #""msg":"Input should be a valid integer, unable to parse string as an integer","input":"x"}"#
        ),
        (
            "username=a&limit=0",
            #"{"type":"greater_than_equal","loc":["query","limit"],"#
                + #""msg":"Input should be greater than or equal to 1","input":"0","ctx":{"ge":1}}"#
        ),
        (
            "username=a&limit=99999999999999999999",
            #"{"type":"less_than_equal","loc":["query","limit"],"msg":"Input should be less than or equal to 100","#
                + #""input":"99999999999999999999","ctx":{"le":100}}"#
        ),
        (
            "username=a&flag=2",
            #"{"type":"bool_parsing","loc":["query","flag"],"msg":"\#(unclear)","input":"2"}"#
        ),
    ])
    func `an invalid query is described as FastAPI does`(_ text: String, _ expected: String) throws {
        let detail = try Self.detail {
            var fields = Self.query(text)
            _ = fields.string("username", minimumLength: 1)
            _ = fields.integer("limit", default: 20, in: 1...100)
            _ = fields.boolean("flag", default: false)
            try fields.check()
        }
        #expect(detail == #"{"detail":[\#(expected)]}"#)
    }

    @Test func `the last of a repeated parameter counts, and all errors are reported`() throws {
        var fields = Self.query("username=a&username=b%20c&limit=0")
        #expect(fields.string("username") == "b c" && fields.optionalString("none") == nil)
        #expect(fields.integer("limit", default: 20, in: 1...100) == 20)
        _ = fields.string("other")
        #expect(fields.errors.map(\.type) == ["greater_than_equal", "missing"])
    }

    @Test(arguments: [
        ("7", 7), (" 7 ", 7), ("1.0", 1), ("1_000", 1000), ("+1", 1), ("-5", -5), ("1.5", nil), ("", nil), ("x", nil),
        ("1e1", nil), ("0x1", nil), ("\u{661}", nil), ("_1", nil), ("1__0", nil), ("--1", nil), ("1.", nil),
        ("99999999999999999999", Int.max), ("-99999999999999999999", Int.min),
    ])
    func `integers in texts`(_ text: String, _ expected: Int?) {
        #expect((try? LaxInteger.value(of: text)) == expected)
    }

    @Test(
        arguments: [
            ("2.0", 2, nil), ("true", 1, nil), ("7", 7, nil), ("\"7\"", 7, nil), ("1.5", nil, .fraction),
            ("[]", nil, .otherType), ("null", nil, .otherType), ("\"x\"", nil, .unknown), ("1e300", Int.max, nil),
        ] as [(String, Int?, LaxInteger.Failure?)]
    )
    func `integers in JSON`(_ text: String, _ expected: Int?, _ failure: LaxInteger.Failure?) throws {
        let tree = try JSONTreeParser.parse(Array(text.utf8))
        do {
            #expect(try LaxInteger.value(of: tree) == expected)
        } catch {
            #expect(error == failure)
        }
    }

    @Test(arguments: [
        ("abc", "invalid length: found 3"),
        ("248f789b-28cd-4cea-8c33-a2621430f81", "invalid group length in group 4: expected 12, found 11"),
        ("248f789b-28cd-4cea8c33-a2621430f81b", "invalid group count: expected 5, found 4"),
        ("urn:uuid:248f", "invalid group count: expected 5, found 1"),
        ("é", "invalid character: found `é` at 0"), ("ab ", "invalid character: found ` ` at 2"),
    ])
    func `an invalid UUID is described as pydantic does`(_ text: String, _ reason: String) {
        let error = ValidationError.noIdentifier(at: [.name("path"), .name("id")], .text(text))
        #expect(error.type == "uuid_parsing" && error.message == "Input should be a valid UUID, \(reason)")
        #expect(error.context?.text == "{\"error\":\"\(reason)\"}")
    }
}
