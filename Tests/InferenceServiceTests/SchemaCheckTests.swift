import Contracts
import NIOCore
import Testing

@testable import InferenceService

/// Answers against schemas.
@Suite(.timeLimit(.minutes(5))) struct SchemaCheckTests {
    private func validator(_ schema: String) throws -> FormatValidator {
        try #require(FormatValidator(.schema(.init(json: ByteBuffer(string: schema)))))
    }

    @Test(
        arguments: [
            (#"{"type":"object"}"#, "{}", nil), (#"{"type":"object"}"#, " [1] ", "$: Expected object, found an array."),
            (#"{"type":["string","null"]}"#, "null", nil),
            (#"{"type":["string","null"]}"#, "7", "$: Expected string or null, found a number."),
            (#"{"type":"integer"}"#, "7.0", nil),
            (#"{"type":"integer"}"#, "7.5", "$: Expected integer, found a number."),
            (#"{"required":["a","b"]}"#, #"{"a":1}"#, #"$: The member "b" is missing."#),
            (
                #"{"properties":{"a":{"items":{"properties":{"b":{"type":"number"}}}}}}"#, #"{"a":[{},{"b":"x"}]}"#,
                "$.a[1].b: Expected number, found a string."
            ),
            (
                #"{"properties":{"a":{}},"additionalProperties":false}"#, #"{"a":1,"c":2}"#,
                "$.c: The member is not part of the schema."
            ),
            (#"{"additionalProperties":{"type":"string"}}"#, #"{"x":1}"#, "$.x: Expected string, found a number."),
            (#"{"enum":["a",1,null,{"x":[1]}]}"#, #"{"x":[1.0]}"#, nil),
            (#"{"enum":["a",1]}"#, #""b""#, "$: The value is none of the permitted values."),
            (#"{"const":5}"#, "5", nil), (#"{"const":5}"#, "6", "$: The value is none of the permitted values."),
            (#"{"anyOf":[{"type":"string"},{"type":"number"}]}"#, "1", nil),
            (
                #"{"anyOf":[{"type":"string"},{"type":"number"}]}"#, "[]",
                "$: The value matches none of the alternatives in anyOf."
            ),
            (
                #"{"anyOf":[{"type":"string"},{"properties":{"a":{"type":"string"}}}]}"#, #"{"a":1}"#,
                "$.a: Expected string, found a number."
            ),
            (
                #"{"oneOf":[{"type":"number"},{"type":"integer"}]}"#, "1",
                "$: The value matches 2 of the alternatives in oneOf, not one."
            ),
            (#"{"allOf":[{"minimum":1},{"maximum":3}]}"#, "4", "$: The number does not satisfy maximum 3."),
            (#"{"not":{"type":"null"}}"#, "null", "$: The value matches a schema that is excluded."),
            (#"{"minItems":2}"#, "[1]", "$: It has 1 elements; at least 2 are required."),
            (#"{"maxLength":2}"#, #""äöü""#, "$: It has 3 characters; at most 2 are permitted."),
            (#"{"minProperties":1}"#, "{}", "$: It has 0 members; at least 1 are required."),
            (#"{"multipleOf":0.1}"#, "0.3", nil),
            (#"{"multipleOf":2}"#, "3", "$: The number does not satisfy multipleOf 2."),
            (#"{"exclusiveMinimum":0}"#, "0", "$: The number does not satisfy exclusiveMinimum 0."),
            (#"{"uniqueItems":true}"#, "[1,1.0]", "$: The elements are not unique."),
            (
                #"{"prefixItems":[{"type":"string"}],"items":{"type":"number"}}"#, #"["a",1,"b"]"#,
                "$[2]: Expected number, found a string."
            ),
            ("false", "1", "$: The value is not permitted."), ("{}", "[1,{}]", nil),
            (
                ##"{"$ref":"#/$defs/a~1b","$defs":{"a/b":{"type":"string"}}}"##, "1",
                "$: Expected string, found a number."
            ),
            (
                ##"{"type":"object","properties":{"next":{"anyOf":[{"type":"null"},{"$ref":"#"}]}},"required":["next"]}"##,
                #"{"next":{"next":{"next":7}}}"#,
                "$.next.next.next: The value matches none of the alternatives in anyOf."
            ),
            // Not evaluated.
            (#"{"pattern":"^(a+)+$","format":"date"}"#, #""aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!""#, nil),
        ] as [(String, String, String?)]
    )
    func `an answer is compared with its schema`(_ schema: String, _ answer: String, _ reason: String?) throws {
        let verdict = try validator(schema).verdict(on: answer)
        #expect(verdict == Inference.FormatVerdict(isValid: reason == nil, reason: reason))
    }

    @Test(arguments: [
        ("", "The answer is not JSON. It is empty."), ("Sure: {}", "The answer is not JSON: see byte "),
        (#"{"a":1"#, "The answer is not JSON: see byte "), ("{}{}", "The answer is not JSON: see byte 2."),
        ("[1]", "$: Expected an object."),
    ])
    func `without a schema an answer is a JSON object`(_ answer: String, _ reason: String) throws {
        let validator = try #require(FormatValidator(.json))
        let verdict = validator.verdict(on: answer)
        #expect(verdict?.isValid == false)
        #expect(verdict?.reason?.hasPrefix(reason) == true, "\(verdict?.reason ?? "")")
        #expect(validator.verdict(on: " {\"a\":[1]}\n") == Inference.FormatVerdict(isValid: true))
    }

    @Test func `text has no validator`() {
        #expect(FormatValidator(.text) == nil)
    }

    private static func list(_ count: Int, _ element: (Int) -> String) -> String {
        (0..<count).map(element).joined(separator: ",")
    }

    /// Schemas that take a simple validator exponential time, endless recursion or all memory, each with an answer.
    private static let hostile: [(String, String)] = {
        let opened = String(repeating: #"{"anyOf":["#, count: 100_000)
        let closed = String(repeating: "]}", count: 100_000)
        let nested = String(repeating: "[", count: 60) + String(repeating: "]", count: 60)
        let chain = list(10_000) { "\"d\($0)\":{\"$ref\":\"#/$defs/d\($0 + 1)\"}" }
        let required = list(3000) { "\"p\($0 % 2)\"" }
        let objects = list(20_000) { _ in #"{"p0":1,"p1":1}"# }
        let alternatives = list(2000) { "{\"enum\":[[\($0)]]}" }
        let numbers = list(100_000) { _ in "1" }
        let names = list(3000) { "\"p\($0)\":{\"type\":\"string\"}" }
        let values = list(40_000) { "\($0)" }
        let mutual = ##""$defs":{"a":{"not":{"$ref":"#/$defs/b"}},"b":{"$ref":"#/$defs/a"}}"##
        let twice = ##""$defs":{"a":{"oneOf":[{"items":{"$ref":"#/$defs/a"}},{"items":{"$ref":"#/$defs/a"}}]}}"##
        return [
            (##"{"$ref":"#"}"##, "1"), (##"{"anyOf":[{"$ref":"#"},{"$ref":"#"}]}"##, "1"),
            (##"{"allOf":[{"$ref":"#/$defs/a"}],"## + mutual + "}", "1"),
            (##"{"$ref":"#/$defs/a","## + twice + "}", nested), (opened + closed, "{}"),
            ("{\"$defs\":{\(chain),\"d10000\":{}},\"$ref\":\"#/$defs/d0\"}", "1"),
            ("{\"items\":{\"required\":[\(required)]}}", "[\(objects)]"),
            ("{\"anyOf\":[\(alternatives)]}", "[\(numbers)]"),
            (#"{"$ref":"https://example.com/schema"}"#, "1"), (##"{"$ref":"#/missing"}"##, "1"),
            ("{\"properties\":{\(names)}}", String(repeating: "[", count: 200_000)),
            ("{\"enum\":[\(values)]}", "40000"),
        ]
    }()

    @Test(arguments: hostile.indices)
    func `a hostile schema is bounded`(_ index: Int) throws {
        let (schema, answer) = Self.hostile[index]
        // Any verdict, or none; what matters is that there is an end.
        let verdict = try validator(schema).verdict(on: answer)
        #expect(verdict?.isValid != true)
    }
}
