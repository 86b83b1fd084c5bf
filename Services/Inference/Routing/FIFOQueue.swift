/// A line that is entered at its end and left at its front, or from its middle by who gives up.
struct FIFOQueue<Visitor: Hashable & Sendable>: Sendable {
    /// Who waits, in the order in which they came; a gap where somebody left.
    private var places: [Visitor?] = []
    private var head = 0
    private var count = 0

    init() {}

    var isEmpty: Bool { count == 0 }

    mutating func append(_ visitor: Visitor) {
        places.append(visitor)
        count += 1
    }

    /// Lets the first out of the line.
    mutating func next() -> Visitor? {
        while head < places.count {
            let next = places[head]
            head += 1
            guard let next else { continue }
            count -= 1
            compact()
            return next
        }
        compact()
        return nil
    }

    mutating func remove(_ visitor: Visitor) {
        guard let index = places[head...].firstIndex(of: visitor) else { return }
        places[index] = nil
        count -= 1
        // Who comes and goes while nobody is let out must leave no growing list of gaps.
        if places.count - head > 2 * count + 64 {
            places = places[head...].filter { $0 != nil }
            head = 0
        }
    }

    private mutating func compact() {
        guard head == places.count || head > 1024 else { return }
        places.removeFirst(head)
        head = 0
    }
}
