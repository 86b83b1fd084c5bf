/// A place for one element; an occupied slot accepts no other element.
///
/// Pure.
struct SingleSlot<Element> {
    private var element: Element?

    var isEmpty: Bool { element == nil }

    /// Stores the element; returns `false` and changes nothing if the slot is occupied.
    mutating func insert(_ new: Element) -> Bool {
        guard element == nil else { return false }
        element = new
        return true
    }

    /// Removes and returns the element.
    mutating func take() -> Element? {
        defer { element = nil }
        return element
    }
}
