/// The number of JSON values in the smallest instance of each node of a schema.
///
/// A node without a finite instance, such as a required property that contains its own schema, is ``unbounded``.
struct DemoSchemaSizes: Sendable {
    static let unbounded = Int.max

    private var sizes: [Int]
    private let targets: [Int?]

    /// Computes the sizes: all nodes start unbounded and shrink until nothing changes.
    ///
    /// The number of rounds is at most the depth of the deepest smallest instance, which is at most the number of nodes.
    init(_ schema: DemoSchema) {
        targets = schema.targets()
        sizes = Array(repeating: Self.unbounded, count: schema.nodes.count)
        var hasChanged = true
        while hasChanged {
            hasChanged = false
            for index in schema.nodes.indices.reversed() {
                let size = size(of: schema.nodes[index])
                guard size < sizes[index] else { continue }
                sizes[index] = size
                hasChanged = true
            }
        }
    }

    /// The node that replaces a node after its references; `nil` allows any value.
    func target(of node: Int) -> Int? { targets[node] }

    /// The size of a node's smallest instance; a node without a target is `null`, which is one value.
    subscript(node: Int) -> Int {
        targets[node].map { sizes[$0] } ?? 1
    }

    private func size(of node: DemoSchema.Node) -> Int {
        if !node.options.isEmpty { return 1 }
        if node.isChoice { return node.choices.map { self[$0] }.min() ?? 1 }
        switch node.kind {
        case "object": return node.required.reduce(1) { Self.sum($0, $1.node.map { self[$0] } ?? 1) }
        case "array": return Self.sum(1, Self.product(node.minItems ?? 0, node.items.map { self[$0] } ?? 1))
        default: return 1
        }
    }

    private static func sum(_ one: Int, _ other: Int) -> Int {
        let (sum, overflow) = one.addingReportingOverflow(other)
        return overflow ? unbounded : sum
    }

    private static func product(_ count: Int, _ size: Int) -> Int {
        let (product, overflow) = count.multipliedReportingOverflow(by: size)
        return overflow ? unbounded : product
    }
}
