import JSON
import NIOCore

/// A function that a model may call, from a declaration in OpenAI's format.
struct Tool: Sendable, Equatable {
    private(set) var name: String
    let description: String?
    /// The JSON schema of the arguments; `nil` if there is none.
    let parameters: ByteBuffer?
    let isStrict: Bool?
    /// The declaration in OpenAI's format, with ``name``.
    private(set) var declaration: ByteBuffer
    /// The place of the name with its quotes in the declaration.
    private var namePlace: Range<Int>

    /// Reads a declaration; `nil` for a tool that is not a function, or has no name.
    init?(_ declaration: ByteBuffer) throws(JSONScanner.Malformed) {
        var (name, description, parameters, isStrict): (String?, String?, ByteBuffer?, Bool?)
        var (type, place): (String?, Range<Int>?)
        do {
            try declaration.withUnsafeReadableBytes { bytes in
                var json = JSONScanner(bytes)
                try json.objectOrSkip { key, json in
                    switch key {
                    case "type": type = try json.optionalString()
                    case "function":
                        try json.objectOrSkip { key, json in
                            switch key {
                            case "name":
                                var copy = json
                                let raw = try json.raw()
                                place = raw.startIndex..<raw.endIndex
                                name = try copy.optionalString()
                            case "description": description = try json.optionalString()
                            case "parameters":
                                let isObject = json.isObject()
                                let raw = try json.raw()
                                guard isObject else { return }
                                parameters = declaration.getSlice(
                                    at: declaration.readerIndex + raw.startIndex,
                                    length: raw.count
                                )
                            case "strict":
                                isStrict = json.kind == .flag ? try json.isTrue() : nil
                                if isStrict == nil { try json.skip() }
                            default: try json.skip()
                            }
                        }
                    default: try json.skip()
                    }
                }
                try json.end()
            }
        } catch {
            throw JSONScanner.Malformed()
        }
        guard type == nil || type == "function", let name, !name.isEmpty, let place else { return nil }
        self.name = name
        self.description = description
        self.parameters = parameters
        self.isStrict = isStrict
        self.declaration = declaration
        namePlace = place
    }

    /// The same tool with another name.
    func renamed(_ name: String) -> Tool {
        guard name != self.name else { return self }
        var tool = self
        var text = ByteBuffer()
        JSONText.write(name, to: &text)
        let start = declaration.readerIndex
        var changed = declaration.getSlice(at: start, length: namePlace.lowerBound) ?? ByteBuffer()
        changed.writeImmutableBuffer(text)
        if let rest = declaration.getSlice(
            at: start + namePlace.upperBound,
            length: declaration.readableBytes - namePlace.upperBound
        ) {
            changed.writeImmutableBuffer(rest)
        }
        tool.name = name
        tool.declaration = changed
        tool.namePlace = namePlace.lowerBound..<namePlace.lowerBound + text.readableBytes
        return tool
    }
}
