/// The names of an object's members, to find a duplicate; a few are compared in turn, which is faster than hashing.
struct JSONKeys {
    private static let maximumCompared = 16

    private var few: [String] = []
    private var many: Set<String> = []

    /// Adds a name; returns `false` if it was there already.
    mutating func insert(_ name: String) -> Bool {
        guard many.isEmpty, few.count < Self.maximumCompared else {
            if many.isEmpty { many = Set(few) }
            return many.insert(name).inserted
        }
        guard !few.contains(name) else { return false }
        few.append(name)
        return true
    }
}
