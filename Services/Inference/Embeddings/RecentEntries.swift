/// Entries bounded by the sum of their sizes; the least recently used ones are removed first.
///
/// A dictionary and a doubly linked list in an array: each operation takes constant time.
struct RecentEntries<Key: Hashable, Value> {
    private struct Node {
        var key: Key
        var value: Value
        var size: Int
        var newer: Int?
        var older: Int?
    }

    private let limit: Int
    private var nodes: [Node?] = []
    private var free: [Int] = []
    private var places: [Key: Int] = [:]
    private var newest: Int?
    private var oldest: Int?
    /// The sum of the sizes.
    private(set) var size = 0

    init(limit: Int) {
        self.limit = limit
    }

    var count: Int { places.count }

    /// Returns a value and marks it as used.
    mutating func use(_ key: Key) -> Value? {
        guard let place = places[key] else { return nil }
        unlink(place)
        link(place)
        return nodes[place]?.value
    }

    /// Stores a value, unless it is larger than the limit.
    mutating func set(_ value: Value, of key: Key, size: Int) {
        remove(key)
        guard size <= limit else { return }
        while self.size + size > limit, let oldest, let node = nodes[oldest] { remove(node.key) }
        let node = Node(key: key, value: value, size: size)
        let place: Int
        if let last = free.popLast() {
            place = last
            nodes[place] = node
        } else {
            place = nodes.count
            nodes.append(node)
        }
        places[key] = place
        self.size += size
        link(place)
    }

    mutating func remove(_ key: Key) {
        guard let place = places.removeValue(forKey: key) else { return }
        unlink(place)
        size -= nodes[place]?.size ?? 0
        nodes[place] = nil
        free.append(place)
    }

    private mutating func link(_ place: Int) {
        nodes[place]?.older = newest
        nodes[place]?.newer = nil
        if let newest { nodes[newest]?.newer = place }
        newest = place
        if oldest == nil { oldest = place }
    }

    private mutating func unlink(_ place: Int) {
        let (newer, older) = (nodes[place]?.newer, nodes[place]?.older)
        if let newer { nodes[newer]?.older = older } else { newest = older }
        if let older { nodes[older]?.newer = newer } else { oldest = newer }
    }
}
