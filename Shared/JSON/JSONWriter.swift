package import NIOCore

/// Writes JSON in the order in which it is told, compact, straight into bytes; encoders of the library keep no order.
package struct JSONWriter {
    /// What was written so far.
    package private(set) var buffer = ByteBufferAllocator().buffer(capacity: 256)
    private var needsComma = false

    package init() {}

    /// An object at the top or within an array.
    package mutating func object(_ body: (inout JSONWriter) -> Void) {
        comma()
        buffer.writeStaticString("{")
        needsComma = false
        body(&self)
        buffer.writeStaticString("}")
        needsComma = true
    }

    /// An array of objects under a name.
    package mutating func objects<Item>(
        _ name: StaticString,
        _ items: [Item],
        _ body: (inout JSONWriter, Item) -> Void
    ) {
        key(name)
        objects(items, body)
    }

    /// An array of objects.
    package mutating func objects<Item>(_ items: [Item], _ body: (inout JSONWriter, Item) -> Void) {
        comma()
        buffer.writeStaticString("[")
        needsComma = false
        for item in items { object { body(&$0, item) } }
        buffer.writeStaticString("]")
        needsComma = true
    }

    /// A number within an array.
    package mutating func number(_ value: Float) {
        comma()
        if value.isFinite { buffer.writeString("\(value)") } else { buffer.writeStaticString("null") }
        needsComma = true
    }

    package mutating func object(_ name: StaticString, _ body: (inout JSONWriter) -> Void) {
        key(name)
        object(body)
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

    /// A text within an array.
    package mutating func text(_ value: String?) {
        comma()
        if let value { JSONText.write(value, to: &buffer) } else { buffer.writeStaticString("null") }
        needsComma = true
    }

    /// An object under a name whose members a value writes itself.
    package mutating func field(_ name: StaticString, _ value: some JSONWritable) {
        key(name)
        value.write(to: &self)
    }

    /// JSON that was written before, under a name.
    package mutating func raw(_ name: StaticString, _ json: String) {
        key(name)
        buffer.writeString(json)
        needsComma = true
    }

    /// JSON that was written before, under a name.
    package mutating func raw(_ name: StaticString, _ json: ByteBuffer) {
        key(name)
        buffer.writeImmutableBuffer(json)
        needsComma = true
    }

    /// A value of any kind under a name.
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
