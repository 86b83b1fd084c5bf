import JSON
import NIOCore

/// A JSON value as a tree of bounded size and depth.
enum JSONTree: Sendable, Hashable {
    case null
    case flag(Bool)
    case number(Double)
    case text(String)
    case array([JSONTree])
    case object([String: JSONTree])

    /// Why a text has no tree.
    enum Failure: Error, Equatable {
        /// It is not JSON: where, in bytes.
        case syntax(offset: Int)
        case invalid(String)
        /// It exceeds a limit of the tree.
        case tooLarge
    }

    /// The maximum size of a tree.
    struct Limits: Sendable {
        /// The size of the text, in bytes.
        var bytes: Int
        /// The number of values.
        var nodes: Int

        static let answer = Limits(bytes: 8 << 20, nodes: 500_000)
        static let schema = Limits(bytes: 1 << 20, nodes: 50_000)
    }

    /// Maximum depth of nested arrays and objects.
    static let depthLimit = 128

    /// Parses a text that consists of one value.
    init(_ bytes: UnsafeRawBufferPointer, limits: Limits) throws(Failure) {
        guard bytes.count <= limits.bytes else { throw .tooLarge }
        try Self.checkSyntax(bytes, depthLimit: Self.depthLimit)
        var json = JSONScanner(bytes)
        var count = limits.nodes
        do {
            self = try Self.value(&json, &count)
        } catch let failure as Failure {
            throw failure
        } catch {
            throw .invalid("It contains an invalid value.")
        }
    }

    /// Parses a schema.
    init(schema: ByteBuffer) throws(Failure) {
        self = try schema.withUnsafeReadableBytes { bytes throws(Failure) in try JSONTree(bytes, limits: .schema) }
    }

    /// Checks that a text is JSON, in linear time and without a tree.
    static func checkSyntax(_ bytes: UnsafeRawBufferPointer, depthLimit: Int = .max) throws(Failure) {
        let rules = JSONValidation(depthLimit: depthLimit, allowsDuplicateKeys: true, allowsNUL: true)
        do {
            try rules.check(bytes)
        } catch .tooDeep {
            throw .tooLarge
        } catch .syntax(let offset) {
            throw .syntax(offset: offset)
        } catch .empty {
            throw .invalid("It is empty.")
        } catch {
            throw .invalid("It contains an invalid text.")
        }
    }

    /// Reads a value; `count` is the number of values that are still permitted.
    private static func value(_ json: inout JSONScanner, _ count: inout Int) throws -> JSONTree {
        count -= 1
        guard count >= 0 else { throw Failure.tooLarge }
        switch json.kind {
        case .null:
            try json.skip()
            return .null
        case .flag: return .flag(try json.isTrue())
        case .number: return .number(try json.double())
        case .text: return .text(try json.string())
        case .array:
            var array: [JSONTree] = []
            try json.array { array.append(try value(&$0, &count)) }
            return .array(array)
        case .object:
            var object: [String: JSONTree] = [:]
            try json.object { name, json in
                guard let name = name.text else { throw JSONScanner.Malformed() }
                object[name] = try value(&json, &count)
            }
            return .object(object)
        }
    }

    /// A member of an object; `nil` for other values.
    subscript(_ name: String) -> JSONTree? {
        guard case .object(let members) = self else { return nil }
        return members[name]
    }

    var text: String? { if case .text(let text) = self { text } else { nil } }
    var number: Double? { if case .number(let number) = self { number } else { nil } }
    var flag: Bool? { if case .flag(let flag) = self { flag } else { nil } }
    var array: [JSONTree]? { if case .array(let array) = self { array } else { nil } }
    var object: [String: JSONTree]? { if case .object(let object) = self { object } else { nil } }

    /// The value as a count; `nil` for other values.
    var count: Int? { number.flatMap { Int(exactly: $0) }.flatMap { $0 >= 0 ? $0 : nil } }

    /// The names of the types of JSON Schema that the value has.
    func has(type: String) -> Bool {
        switch (type, self) {
        case ("null", .null), ("boolean", .flag), ("number", .number), ("string", .text), ("array", .array),
            ("object", .object):
            true
        case ("integer", .number(let number)): number.rounded() == number
        default: false
        }
    }

    /// The approximate cost of hashing the value.
    var weight: Int {
        switch self {
        case .null, .flag, .number: 1
        case .text(let text): 1 + text.utf8.count / 16
        case .array(let array): array.reduce(1) { $0 + $1.weight }
        case .object(let object): object.reduce(1) { $0 + 1 + $1.value.weight }
        }
    }

    /// The type as a word: `an object`.
    var phrase: String {
        switch self {
        case .null: "null"
        case .flag: "a boolean"
        case .number: "a number"
        case .text: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}
