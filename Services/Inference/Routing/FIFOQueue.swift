/// A FIFO queue whose elements can also be removed from the middle.
struct FIFOQueue<Visitor: Hashable & Sendable>: Sendable {
    /// The elements in order; `nil` in place of a removed one.
    private var places: [Visitor?] = []
    private var head = 0
    private var count = 0

    init() {}

    var isEmpty: Bool { count == 0 }

    mutating func append(_ visitor: Visitor) {
        places.append(visitor)
        count += 1
    }

    /// Removes and returns the first element.
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
        // Removes the gaps before they outnumber the elements.
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
