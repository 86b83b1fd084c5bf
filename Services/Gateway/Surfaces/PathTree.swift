/// Finds the entry of a path: a literal segment is preferred to a parameter, and a parameter to the rest of the path.
///
/// Pure value; built once at startup.
struct PathTree<Entry: Sendable>: Sendable {
    private struct Node: Sendable {
        var literals: [(text: [UInt8], child: Int)] = []
        var parameter: Int?
        var entry: Entry?
        var rest: Entry?
    }

    private var nodes = [Node()]

    /// Stores an entry under a template, or changes the one that is there.
    mutating func update(_ segments: [PathTemplate.Segment], _ change: (inout Entry?) throws -> Void) rethrows {
        var node = 0
        for segment in segments {
            switch segment {
            case .literal(let text): node = child(of: node, Array(text.utf8))
            case .parameter: node = parameterChild(of: node)
            case .rest: return try change(&nodes[node].rest)
            }
        }
        try change(&nodes[node].entry)
    }

    private mutating func child(of node: Int, _ text: [UInt8]) -> Int {
        if let known = nodes[node].literals.first(where: { $0.text == text }) { return known.child }
        nodes.append(Node())
        nodes[node].literals.append((text, nodes.count - 1))
        return nodes.count - 1
    }

    private mutating func parameterChild(of node: Int) -> Int {
        if let known = nodes[node].parameter { return known }
        nodes.append(Node())
        nodes[node].parameter = nodes.count - 1
        return nodes.count - 1
    }

    /// The entry of a path, and the positions of its parameters' values.
    ///
    /// The path begins with a slash, and its trailing slash is removed. Only within the rest of a path may segments be
    /// empty, because a model's name may have them.
    func find(_ path: UnsafeBufferPointer<UInt8>) -> (entry: Entry, values: [Range<Int>])? {
        var values: [Range<Int>] = []
        guard let entry = find(path, from: 0, at: 0, &values) else { return nil }
        return (entry, values)
    }

    private func find(
        _ path: UnsafeBufferPointer<UInt8>,
        from start: Int,
        at node: Int,
        _ values: inout [Range<Int>]
    ) -> Entry? {
        guard start < path.count else { return nodes[node].entry }
        let begin = start + 1
        var end = begin
        while end < path.count, path[end] != UInt8(ascii: "/") { end += 1 }
        let segment = UnsafeBufferPointer(rebasing: path[begin..<end])
        for (text, child) in nodes[node].literals where text.count == segment.count && text.elementsEqual(segment) {
            if let entry = find(path, from: end, at: child, &values) { return entry }
        }
        if begin < end, let child = nodes[node].parameter {
            values.append(begin..<end)
            if let entry = find(path, from: end, at: child, &values) { return entry }
            values.removeLast()
        }
        guard begin < end, let rest = nodes[node].rest else { return nil }
        values.append(begin..<path.count)
        return rest
    }
}
