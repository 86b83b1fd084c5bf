import Bus
import Contracts
import NIOCore

/// Looks over a JSON text in one pass before it is decoded: it must mean one thing, to everybody, at a bounded cost.
///
/// Refused are nesting beyond 64, a key twice in one object, what is not UTF-8, a byte order mark, lone surrogates,
/// NUL, and anything after the value.
struct JSONPrescan {
    private static let depthLimit = 64

    private var bytes: ByteBufferView
    private var index: ByteBufferView.Index
    /// The keys of each object that is open; `nil` for an array.
    private var open: [Set<String>?] = []

    /// Throws `invalid` with what is wrong.
    static func check(_ buffer: ByteBuffer) throws {
        let view = buffer.readableBytesView
        guard !view.isEmpty else { throw Fault(.invalid, "The body is empty; it must be JSON.") }
        guard String(validating: view, as: UTF8.self) != nil else { throw Fault(.invalid, "The body is not UTF-8.") }
        var scan = JSONPrescan(bytes: view, index: view.startIndex)
        try scan.run()
    }

    private init(bytes: ByteBufferView, index: ByteBufferView.Index) {
        self.bytes = bytes
        self.index = index
    }

    private mutating func run() throws {
        repeat {
            try value()
            try closing()
        } while !open.isEmpty
        skipBlanks()
        guard index == bytes.endIndex else { throw malformed }
    }

    /// Reads a value, or goes into an object or array up to its first value.
    private mutating func value() throws {
        while true {
            skipBlanks()
            switch peek {
            case UInt8(ascii: "{"):
                try enter([])
                skipBlanks()
                if peek == UInt8(ascii: "}") { return }
                try key()
            case UInt8(ascii: "["):
                try enter(nil)
                skipBlanks()
                if peek == UInt8(ascii: "]") { return }
            case UInt8(ascii: "\""):
                _ = try string()
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
                index = bytes.index(after: index)
                skipBlanks()
                if keys != nil { try key() }
                return
            case UInt8(ascii: "}") where keys != nil, UInt8(ascii: "]") where keys == nil:
                index = bytes.index(after: index)
                open.removeLast()
            default: throw malformed
            }
        }
    }

    private mutating func enter(_ keys: Set<String>?) throws {
        guard open.count < Self.depthLimit else {
            throw Fault(.invalid, "The body is nested deeper than \(Self.depthLimit).")
        }
        open.append(keys)
        index = bytes.index(after: index)
    }

    private mutating func key() throws {
        guard peek == UInt8(ascii: "\"") else { throw malformed }
        let key = try string()
        guard open[open.count - 1]?.insert(key).inserted == true else {
            throw Fault(.invalid, "The key `\(key.prefix(60))` stands twice in one object.")
        }
        skipBlanks()
        guard peek == UInt8(ascii: ":") else { throw malformed }
        index = bytes.index(after: index)
    }

    /// Reads a string and gives what it means.
    private mutating func string() throws -> String {
        index = bytes.index(after: index)
        let start = index
        var isEscaped = false
        while let byte = peek {
            if byte == UInt8(ascii: "\"") {
                let raw = bytes[start..<index]
                index = bytes.index(after: index)
                guard isEscaped else { return String(decoding: raw, as: UTF8.self) }
                guard let text = raw.withUnsafeBytes({ JSONEscapes.resolve($0, strictly: true) }) else {
                    throw Fault(.invalid, "A string in the body holds an escape that means nothing.")
                }
                return text
            }
            guard byte >= 0x20 else { throw malformed }
            if byte == UInt8(ascii: "\\") {
                isEscaped = true
                index = bytes.index(after: index)
                guard peek != nil else { throw malformed }
            }
            index = bytes.index(after: index)
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
            index = bytes.index(after: index)
        }
        guard index > start, bytes.distance(from: start, to: index) <= 64 else { throw malformed }
    }

    private mutating func skipBlanks() {
        while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
            index = bytes.index(after: index)
        }
    }

    private var peek: UInt8? { index < bytes.endIndex ? bytes[index] : nil }

    private var malformed: Fault {
        Fault(.invalid, "The body is not valid JSON: see byte \(bytes.distance(from: bytes.startIndex, to: index)).")
    }
}
