import JSON

/// The reading of arguments as models write them.
extension ToolArguments {
    /// Maximum size of the arguments of a call, in bytes.
    static let byteLimit = 262_144
    /// Maximum nesting; no parameter takes an array or object.
    private static let depthLimit = 8

    /// A value that does not match its parameter.
    private struct Mismatch: Error {}

    /// Reads the arguments of a call; `nil` if they do not match the declaration.
    ///
    /// Accepted: members in any order, no text or `null` for no arguments, an object that is encoded once more as a
    /// string, `null` for an absent argument, a number or Boolean as a string, and a scalar for a string. Not accepted: an
    /// unknown or repeated argument, a missing required one, a number that is not finite, an array or object as a value.
    init?(_ json: String, for declaration: ToolDeclaration) {
        guard json.utf8.count <= Self.byteLimit else { return nil }
        do {
            self.init(try Self.read(json, declaration, isEncodedTwice: false))
        } catch {
            return nil
        }
        guard declaration.parameters.allSatisfy({ !$0.isRequired || values[$0.name] != nil }) else { return nil }
    }

    private static func read(
        _ text: String,
        _ declaration: ToolDeclaration,
        isEncodedTwice: Bool
    ) throws -> [String: Value] {
        guard text.contains(where: { !$0.isWhitespace }) else { return [:] }
        var inner: String?
        var values: [String: Value] = [:]
        var text = text
        try text.withUTF8 { utf8 in
            let bytes = UnsafeRawBufferPointer(utf8)
            try JSONValidation(depthLimit: depthLimit).check(bytes)
            var json = JSONScanner(bytes)
            switch json.kind {
            case .null: return
            case .text where !isEncodedTwice: inner = try json.string()
            default:
                try json.object { name, json in
                    let parameter = declaration.parameters.first { $0.name == name.text }
                    guard let parameter else { throw Mismatch() }
                    values[parameter.name] = try value(&json, as: parameter.type)
                }
            }
        }
        return try inner.map { try read($0, declaration, isEncodedTwice: true) } ?? values
    }

    /// Reads a value; returns `nil` for `null`.
    private static func value(_ json: inout JSONScanner, as type: ToolDeclaration.ParameterType) throws -> Value? {
        let text: String
        switch json.kind {
        case .null:
            try json.skip()
            return nil
        case .text: text = try json.string()
        case .number, .flag: text = String(decoding: try json.raw(), as: UTF8.self)
        case .object, .array: throw Mismatch()
        }
        switch type {
        case .string: return .text(text)
        case .number:
            guard let number = decimal(text) else { throw Mismatch() }
            return .number(number)
        case .integer:
            guard let number = decimal(text), number.rounded() == number else { throw Mismatch() }
            return .number(number)
        case .boolean: return .flag(try flag(text))
        }
    }

    /// Returns a finite decimal number; white space is ignored.
    static func decimal(_ text: String) -> Double? {
        let text = text.filter { !$0.isWhitespace }
        // Excludes what `Double` reads beyond decimal numbers: hexadecimal numbers, infinity and NaN.
        guard text.utf8.allSatisfy({ "0123456789+-.eE".utf8.contains($0) }), let number = Double(text),
            number.isFinite
        else { return nil }
        return number
    }

    private static func flag(_ text: String) throws -> Bool {
        switch text.lowercased() {
        case "true": return true
        case "false": return false
        default: throw Mismatch()
        }
    }
}
