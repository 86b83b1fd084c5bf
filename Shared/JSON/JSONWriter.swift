package import NIOCore

/// Writes compact JSON to a buffer, with members in the order of the calls.
package struct JSONWriter {
    /// The JSON written so far.
    package private(set) var buffer = ByteBufferAllocator().buffer(capacity: 256)
    private var needsComma = false

    package init() {}

    /// Writes an object as the top-level value or in an array.
    package mutating func object(_ body: (inout JSONWriter) -> Void) {
        comma()
        buffer.writeStaticString("{")
        needsComma = false
        body(&self)
        buffer.writeStaticString("}")
        needsComma = true
    }

    /// Writes a member with an array of objects.
    package mutating func objects<Item>(
        _ name: StaticString,
        _ items: [Item],
        _ body: (inout JSONWriter, Item) -> Void
    ) {
        key(name)
        objects(items, body)
    }

    /// Writes an array of objects.
    package mutating func objects<Item>(_ items: [Item], _ body: (inout JSONWriter, Item) -> Void) {
        comma()
        buffer.writeStaticString("[")
        needsComma = false
        for item in items { object { body(&$0, item) } }
        buffer.writeStaticString("]")
        needsComma = true
    }

    /// Writes a member whose name is not known at compile time, with any value.
    package mutating func member(_ name: String, _ body: (inout JSONWriter) -> Void) {
        if needsComma { buffer.writeStaticString(",") }
        JSONText.write(name, to: &buffer)
        buffer.writeStaticString(":")
        needsComma = false
        body(&self)
    }

    /// Writes an encoded value in an array.
    package mutating func raw(_ json: String) {
        comma()
        buffer.writeString(json)
        needsComma = true
    }

    /// Writes a number in an array; `null` if it is not finite.
    package mutating func number(_ value: Float) {
        comma()
        if value.isFinite { buffer.writeString("\(value)") } else { buffer.writeStaticString("null") }
        needsComma = true
    }

    package mutating func object(_ name: StaticString, _ body: (inout JSONWriter) -> Void) {
        key(name)
        object(body)
    }

    /// Writes an array as the top-level value or in an array.
    package mutating func array<Item>(_ items: [Item], _ body: (inout JSONWriter, Item) -> Void) {
        comma()
        buffer.writeStaticString("[")
        needsComma = false
        for item in items { body(&self, item) }
        buffer.writeStaticString("]")
        needsComma = true
    }

    package mutating func array<Item>(_ name: StaticString, _ items: [Item], _ body: (inout JSONWriter, Item) -> Void) {
        key(name)
        buffer.writeStaticString("[")
        needsComma = false
        for item in items { body(&self, item) }
        buffer.writeStaticString("]")
        needsComma = true
    }

    package mutating func field(_ name: StaticString, _ value: String?) {
        key(name)
        text(value)
    }

    package mutating func field(_ name: StaticString, _ value: Int?) {
        key(name)
        if let value { buffer.writeString(String(value)) } else { buffer.writeStaticString("null") }
        needsComma = true
    }

    package mutating func field(_ name: StaticString, _ value: Double?) {
        key(name)
        if let value, value.isFinite { buffer.writeString("\(value)") } else { buffer.writeStaticString("null") }
        needsComma = true
    }

    package mutating func field(_ name: StaticString, _ value: Bool) {
        key(name)
        if value { buffer.writeStaticString("true") } else { buffer.writeStaticString("false") }
        needsComma = true
    }

    package mutating func null(_ name: StaticString) {
        key(name)
        buffer.writeStaticString("null")
        needsComma = true
    }

    /// Writes a string or `null` in an array.
    package mutating func text(_ value: String?) {
        comma()
        if let value { JSONText.write(value, to: &buffer) } else { buffer.writeStaticString("null") }
        needsComma = true
    }

    /// Writes a member with a value that has its own encoder.
    package mutating func field(_ name: StaticString, _ value: some JSONWritable) {
        key(name)
        value.write(to: &self)
    }

    /// Writes a member with an encoded value.
    package mutating func raw(_ name: StaticString, _ json: String) {
        key(name)
        buffer.writeString(json)
        needsComma = true
    }

    /// Writes a member with an encoded value.
    package mutating func raw(_ name: StaticString, _ json: ByteBuffer) {
        key(name)
        buffer.writeImmutableBuffer(json)
        needsComma = true
    }

    /// Writes a member with any value.
    package mutating func value(_ name: StaticString, _ body: (inout JSONWriter) -> Void) {
        key(name)
        body(&self)
    }

    private mutating func key(_ name: StaticString) {
        if needsComma { buffer.writeStaticString(",\"") } else { buffer.writeStaticString("\"") }
        buffer.writeStaticString(name)
        buffer.writeStaticString("\":")
        needsComma = false
    }

    private mutating func comma() {
        if needsComma { buffer.writeStaticString(",") }
        needsComma = false
    }
}
