import Contracts
import JSON
import NIOCore

/// Looks over a JSON text in one pass before it is decoded: it must mean one thing, to everybody, at a bounded cost.
///
/// Refused are nesting beyond 64, a key twice in one object, what is not UTF-8, a byte order mark, lone surrogates,
/// NUL, and anything after the value.
struct JSONPrescan {
    private static let depthLimit = 64

    private let bytes: UnsafeRawBufferPointer
    private var index = 0
    /// The keys of each object that is open; `nil` for an array.
    private var open: [Keys?] = []

    /// The keys of one object: a few are compared one by one, which takes less than to hash them.
    private struct Keys {
        private var few: [String] = []
        private var many: Set<String> = []

        /// Takes a key; `false` when it was there already.
        mutating func insert(_ key: String) -> Bool {
            guard many.isEmpty, few.count < 16 else {
                if many.isEmpty { many = Set(few) }
                return many.insert(key).inserted
            }
            guard !few.contains(key) else { return false }
            few.append(key)
            return true
        }
    }

    /// Throws `invalid` with what is wrong.
    static func check(_ buffer: ByteBuffer) throws {
        try buffer.withUnsafeReadableBytes { bytes in
            guard !bytes.isEmpty else { throw Fault(.invalid, "The body is empty; it must be JSON.") }
            do {
                _ = try UTF8Span(validating: bytes.bindMemory(to: UInt8.self).span)
            } catch {
                throw Fault(.invalid, "The body is not UTF-8.")
            }
            var scan = JSONPrescan(bytes)
            try scan.run()
        }
    }

    /// A scan of bytes that outlive it and are known to be UTF-8.
    private init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    private mutating func run() throws {
        repeat {
            try value()
            try closing()
        } while !open.isEmpty
        skipBlanks()
        guard index == bytes.count else { throw malformed }
    }

    /// Reads a value, or goes into an object or array up to its first value.
    private mutating func value() throws {
        while true {
            skipBlanks()
            switch peek {
            case UInt8(ascii: "{"):
                try enter(Keys())
                skipBlanks()
                if peek == UInt8(ascii: "}") { return }
                try key()
            case UInt8(ascii: "["):
                try enter(nil)
                skipBlanks()
                if peek == UInt8(ascii: "]") { return }
            case UInt8(ascii: "\""):
                _ = try string(isWanted: false)
                return
            default:
                return try scalar()
            }
        }
    }

    /// Closes what ends here, up to the place of the next value.
    private mutating func closing() throws {
        while let keys = open.last {
            skipBlanks()
            switch peek {
            case UInt8(ascii: ","):
                index += 1
                skipBlanks()
                if keys != nil { try key() }
                return
            case UInt8(ascii: "}") where keys != nil, UInt8(ascii: "]") where keys == nil:
                index += 1
                open.removeLast()
            default: throw malformed
            }
        }
    }

    private mutating func enter(_ keys: Keys?) throws {
        guard open.count < Self.depthLimit else {
            throw Fault(.invalid, "The body is nested deeper than \(Self.depthLimit).")
        }
        open.append(keys)
        index += 1
    }

    private mutating func key() throws {
        guard peek == UInt8(ascii: "\"") else { throw malformed }
        let key = try string(isWanted: true)
        guard open[open.count - 1]?.insert(key) == true else {
            throw Fault(.invalid, "The key `\(key.prefix(60))` stands twice in one object.")
        }
        skipBlanks()
        guard peek == UInt8(ascii: ":") else { throw malformed }
        index += 1
    }

    /// Reads a string and gives what it means, where that is wanted.
    private mutating func string(isWanted: Bool) throws -> String {
        index += 1
        let start = index
        var isEscaped = false
        while true {
            index = JSONText.special(in: bytes, from: index)
            guard let byte = peek else { break }
            if byte == UInt8(ascii: "\"") {
                let raw = UnsafeRawBufferPointer(rebasing: bytes[start..<index])
                index += 1
                guard isEscaped else { return isWanted ? String(decoding: raw, as: UTF8.self) : "" }
                guard let text = JSONEscapes.resolve(raw, strictly: true) else {
                    throw Fault(.invalid, "A string in the body holds an escape that means nothing.")
                }
                return text
            }
            guard byte >= 0x20 else { throw malformed }
            if byte == UInt8(ascii: "\\") {
                isEscaped = true
                index += 1
                guard peek != nil else { throw malformed }
            }
            index += 1
        }
        throw malformed
    }

    /// Reads a number, `true`, `false` or `null`; the decoder looks closer.
    private mutating func scalar() throws {
        let start = index
        while let byte = peek {
            let isPart =
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                || [UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "E")].contains(byte)
            guard isPart else { break }
            index += 1
        }
        guard index > start, index - start <= 64 else { throw malformed }
    }

    private mutating func skipBlanks() {
        while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
            index += 1
        }
    }

    private var peek: UInt8? { index < bytes.count ? bytes[index] : nil }

    private var malformed: Fault {
        Fault(.invalid, "The body is not valid JSON: see byte \(index).")
    }
}
