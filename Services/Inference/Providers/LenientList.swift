/// The elements of an array that can be decoded: one invalid element hides no other.
struct LenientList<Element: Decodable & Sendable>: Decodable, Sendable {
    var elements: [Element] = []

    /// A value of any kind.
    private struct Skipped: Decodable {
        init(from decoder: any Decoder) {}
    }

    init(from decoder: any Decoder) throws {
        var container = try decoder.unkeyedContainer()
        while !container.isAtEnd {
            do {
                elements.append(try container.decode(Element.self))
            } catch {
                _ = try container.decode(Skipped.self)
            }
        }
    }
}

extension KeyedDecodingContainer {
    /// Decodes a value; `nil` if it is missing or of another type.
    func valueOrNothing<Value: Decodable>(_ key: Key) -> Value? {
        do { return try decodeIfPresent(Value.self, forKey: key) } catch { return nil }
    }

    /// Decodes a positive whole number, which may be a text; `nil` for other values.
    func positiveOrNothing(_ key: Key) -> Int? {
        let number: Int? = valueOrNothing(key)
        let text: String? = valueOrNothing(key)
        return (number ?? text.flatMap { Int($0) }).flatMap { $0 > 0 ? $0 : nil }
    }
}
