/// Checks that a JSON text has one meaning for every parser and can be decoded at a bounded cost.
///
/// One pass without recursion; the time is linear in the size of the text.
package struct JSONValidation: Sendable {
    /// Maximum length of a number: decoders may take quadratic time for a longer one.
    private static let scalarLimit = 64

    /// Maximum depth of nested arrays and objects.
    package var depthLimit: Int
    /// Whether an object may have two members of the same name; parsers differ in which one they take.
    package var allowsDuplicateKeys: Bool
    /// Whether a string may contain `\u0000`.
    package var allowsNUL: Bool

    package init(depthLimit: Int, allowsDuplicateKeys: Bool = false, allowsNUL: Bool = false) {
        self.depthLimit = depthLimit
        self.allowsDuplicateKeys = allowsDuplicateKeys
        self.allowsNUL = allowsNUL
    }

    /// Why a text is not acceptable.
    package enum Violation: Error, Equatable {
        case empty
        case notUTF8
        case tooDeep(limit: Int)
        case duplicateKey(String)
        /// An escape sequence that stands for no character, for half a surrogate pair, or for NUL.
        case invalidEscape
        /// A syntax error near this byte; a byte order mark and anything after the value are errors, too.
        case syntax(offset: Int)
    }

    /// Checks a text that consists of one value.
    package func check(_ bytes: UnsafeRawBufferPointer) throws(Violation) {
        guard !bytes.isEmpty else { throw .empty }
        guard Self.isUTF8(bytes) else { throw .notUTF8 }
        var scanner = JSONScanner(bytes)
        try check(next: &scanner)
        scanner.skipSpace()
        guard scanner.next == nil else { throw .syntax(offset: scanner.position) }
    }

    /// Checks the scanner's next value and skips it; the text must be UTF-8.
    func check(next scanner: inout JSONScanner) throws(Violation) {
        var containers: [JSONKeys?] = []
        repeat {
            try open(&containers, &scanner)
            try close(&containers, &scanner)
        } while !containers.isEmpty
    }

    private static func isUTF8(_ bytes: UnsafeRawBufferPointer) -> Bool {
        do {
            _ = try UTF8Span(validating: bytes.bindMemory(to: UInt8.self).span)
            return true
        } catch {
            return false
        }
    }

    /// Enters containers up to a scalar or an empty container.
    ///
    /// `containers`: the keys of each open object; `nil` for an array.
    private func open(_ containers: inout [JSONKeys?], _ scanner: inout JSONScanner) throws(Violation) {
        while true {
            scanner.skipSpace()
            switch scanner.next {
            case UInt8(ascii: "{"):
                try enter(JSONKeys(), &containers, &scanner)
                if scanner.isNext(UInt8(ascii: "}")) { return }
                try key(&containers, &scanner)
            case UInt8(ascii: "["):
                try enter(nil, &containers, &scanner)
                if scanner.isNext(UInt8(ascii: "]")) { return }
            case UInt8(ascii: "\""):
                _ = try string(&scanner, isKey: false)
                return
            default:
                let start = scanner.position
                try syntax(&scanner) { scanner throws(JSONScanner.Malformed) in try scanner.skipScalar() }
                guard scanner.position - start <= Self.scalarLimit else { throw .syntax(offset: start) }
                return
            }
        }
    }

    /// Leaves the containers that end here, up to the place of the next value.
    private func close(_ containers: inout [JSONKeys?], _ scanner: inout JSONScanner) throws(Violation) {
        while !containers.isEmpty {
            let isObject = containers[containers.count - 1] != nil
            if scanner.taken(UInt8(ascii: ",")) {
                if isObject { try key(&containers, &scanner) }
                return
            }
            guard scanner.taken(isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) else {
                throw .syntax(offset: scanner.position)
            }
            containers.removeLast()
        }
    }

    private func enter(
        _ keys: JSONKeys?,
        _ containers: inout [JSONKeys?],
        _ scanner: inout JSONScanner
    ) throws(Violation) {
        guard containers.count < depthLimit else { throw .tooDeep(limit: depthLimit) }
        containers.append(keys)
        scanner.advance()
    }

    private func key(_ containers: inout [JSONKeys?], _ scanner: inout JSONScanner) throws(Violation) {
        guard scanner.isNext(UInt8(ascii: "\"")) else { throw .syntax(offset: scanner.position) }
        let name = try string(&scanner, isKey: true)
        if !allowsDuplicateKeys, containers[containers.count - 1]?.insert(name) == false { throw .duplicateKey(name) }
        guard scanner.taken(UInt8(ascii: ":")) else { throw .syntax(offset: scanner.position) }
    }

    /// Checks a string; decodes it only if it is a key or has escape sequences.
    private func string(_ scanner: inout JSONScanner, isKey: Bool) throws(Violation) -> String {
        let (bytes, hasEscapes) = try syntax(&scanner) { scanner throws(JSONScanner.Malformed) in
            try scanner.quotedBytes()
        }
        guard hasEscapes else {
            return isKey && !allowsDuplicateKeys ? String(decoding: bytes, as: UTF8.self) : ""
        }
        guard let text = JSONEscapes.resolve(bytes, allowsLoneSurrogates: false, allowsNUL: allowsNUL) else {
            throw .invalidEscape
        }
        return text
    }

    private func syntax<Value>(
        _ scanner: inout JSONScanner,
        _ read: (inout JSONScanner) throws(JSONScanner.Malformed) -> Value
    ) throws(Violation) -> Value {
        do {
            return try read(&scanner)
        } catch {
            throw .syntax(offset: scanner.position)
        }
    }
}
