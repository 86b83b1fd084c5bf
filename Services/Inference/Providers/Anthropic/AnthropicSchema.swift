import JSON
import NIOCore

/// Finds out whether Anthropic accepts a JSON schema as the format of an answer.
///
/// It accepts a subset: objects without further properties, no limits of numbers, texts and arrays, no recursion. Source:
/// the page on structured outputs of Anthropic's documentation.
enum AnthropicSchema {
    private static let depthLimit = 32

    private static let annotations: Set<String> = [
        "title", "description", "default", "enum", "const", "examples", "required", "format", "$schema", "$id",
        "additionalProperties",
    ]

    static func isSupported(_ schema: ByteBuffer) -> Bool {
        schema.withUnsafeReadableBytes { bytes in
            var json = JSONScanner(bytes)
            do { return try check(&json, depth: 0, isDefinition: false) } catch { return false }
        }
    }

    private static func check(_ json: inout JSONScanner, depth: Int, isDefinition: Bool) throws -> Bool {
        guard depth < depthLimit, json.isObject() else { return false }
        var (isSupported, isObject, isClosed) = (true, false, false)
        try json.object { name, json in
            switch name {
            case "type":
                let type = String(decoding: UnsafeRawBufferPointer(rebasing: try json.raw()), as: UTF8.self)
                isObject = isObject || type.contains("\"object\"")
            case "additionalProperties":
                isClosed = String(decoding: UnsafeRawBufferPointer(rebasing: try json.raw()), as: UTF8.self) == "false"
            case "properties":
                isObject = true
                isSupported = try checkMap(&json, depth, isDefinition: isDefinition) && isSupported
            case "$defs", "definitions": isSupported = try checkMap(&json, depth, isDefinition: true) && isSupported
            case "items": isSupported = try check(&json, depth: depth + 1, isDefinition: isDefinition) && isSupported
            case "anyOf", "allOf":
                guard json.isArray() else { throw JSONScanner.Malformed() }
                try json.array { json in
                    isSupported = try check(&json, depth: depth + 1, isDefinition: isDefinition) && isSupported
                }
            case "$ref":
                // A definition that refers to another may refer to itself.
                isSupported = isSupported && !isDefinition
                try json.skip()
            default:
                isSupported = isSupported && annotations.contains(name.text ?? "")
                try json.skip()
            }
        }
        return isSupported && (!isObject || isClosed)
    }

    private static func checkMap(_ json: inout JSONScanner, _ depth: Int, isDefinition: Bool) throws -> Bool {
        var isSupported = true
        try json.object { _, json in
            isSupported = try check(&json, depth: depth + 1, isDefinition: isDefinition) && isSupported
        }
        return isSupported
    }
}
