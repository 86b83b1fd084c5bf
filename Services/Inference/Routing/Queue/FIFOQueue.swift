/// A FIFO queue whose elements can also be removed from the middle.
struct FIFOQueue<Element: Hashable & Sendable>: Sendable {
    /// The elements in order; `nil` in place of a removed one.
    private var elements: [Element?] = []
    private var head = 0
    private var count = 0

    init() {}

    var isEmpty: Bool { count == 0 }

    mutating func append(_ element: Element) {
        elements.append(element)
        count += 1
    }

    /// Removes and returns the first element.
    mutating func popFirst() -> Element? {
        while head < elements.count {
            let next = elements[head]
            head += 1
            guard let next else { continue }
            count -= 1
            compact()
            return next
        }
        compact()
        return nil
    }

    mutating func remove(_ element: Element) {
        guard let index = elements[head...].firstIndex(of: element) else { return }
        elements[index] = nil
        count -= 1
        // Removes the gaps before they outnumber the elements.
        if elements.count - head > 2 * count + 64 {
            elements = elements[head...].filter { $0 != nil }
            head = 0
        }
    }

    private mutating func compact() {
        guard head == elements.count || head > 1024 else { return }
        elements.removeFirst(head)
        head = 0
    }
}
