import NIOHTTP1

/// Finds the route of every request: one table, built from all surfaces at startup.
///
/// The request guard resolves each request once, at its head; the result travels with the request. A literal path is
/// preferred to one with parameters.
struct SurfaceTable: Sendable {
    /// The 404 of paths that no surface owns.
    let fallback: Resolution
    /// Paths without parameters, without their trailing slash.
    private var literals: [String: PathEntry] = [:]
    private var templates = PathTree<PathEntry>()
    private var owners: [(prefix: [Substring], unknownPath: Resolution)] = []

    /// Throws `InvalidRoute` for a route that cannot be served, and for two that answer the same requests.
    ///
    /// There must be at least one surface; the error format of the first is used where no surface owns the path.
    init(_ surfaces: [Surface]) throws {
        guard let first = surfaces.first else { throw InvalidRoute("There are no surfaces.") }
        fallback = Resolution(unknownPathOf: first)
        for surface in surfaces {
            let unknownPath = Resolution(unknownPathOf: surface)
            for prefix in surface.prefixes {
                let segments = prefix.split(separator: "/")
                guard !owners.contains(where: { $0.prefix == segments }) else {
                    throw InvalidRoute("Two surfaces own the paths under \(prefix); one of them is \(surface.name).")
                }
                owners.append((segments, unknownPath))
            }
            for route in surface.routes { try add(RouteEntry(route, of: surface), unknownPath) }
        }
        owners.sort { $0.prefix.count > $1.prefix.count }
    }

    private mutating func add(_ entry: RouteEntry, _ unknownPath: Resolution) throws {
        func add(to path: inout PathEntry?) throws {
            var changed = path ?? PathEntry(unknownPath: unknownPath)
            try changed.add(entry)
            path = changed
        }
        guard entry.template.parameters.isEmpty else {
            return try templates.update(entry.template.segments, add)
        }
        let shape = entry.template.shape
        try add(to: &literals[shape.isEmpty ? "/" : shape])
    }

    /// The route of a request, or why it has none.
    func resolve(_ head: HTTPRequestHead) -> Resolution {
        let target = head.uri
        let found = target.utf8.withContiguousStorageIfAvailable { resolve(head, target, $0) }
        return found ?? Array(target.utf8).withUnsafeBufferPointer { resolve(head, target, $0) }
    }

    private func resolve(
        _ head: HTTPRequestHead,
        _ target: String,
        _ bytes: UnsafeBufferPointer<UInt8>
    ) -> Resolution {
        let path = RequestPath(bytes)
        guard path.isRegular else { return unknownPath(target) }
        let name = path.end == bytes.count ? target : String(decoding: bytes[..<path.end], as: UTF8.self)
        if let entry = literals[name] {
            return entry.resolve(head, hasTrailingSlash: path.hasTrailingSlash, [])
        }
        guard let (entry, ranges) = templates.find(UnsafeBufferPointer(rebasing: bytes[..<path.end])) else {
            return unknownPath(target)
        }
        let values = ranges.map { range in
            let utf8 = target.utf8
            let start = utf8.index(utf8.startIndex, offsetBy: range.lowerBound)
            return target[start..<utf8.index(start, offsetBy: range.count)]
        }
        return entry.resolve(head, hasTrailingSlash: path.hasTrailingSlash, values)
    }

    /// The 404 of the surface to which the target of a request without a valid head belongs: that of the path's routes,
    /// otherwise the one that owns the path.
    func owner(of target: String) -> Resolution {
        Array(target.utf8).withUnsafeBufferPointer { bytes in
            let path = RequestPath(bytes)
            guard path.isRegular else { return unknownPath(target) }
            let name = UnsafeBufferPointer(rebasing: bytes[..<path.end])
            let entry = literals[String(decoding: name, as: UTF8.self)] ?? templates.find(name)?.entry
            return entry?.unknownPath ?? unknownPath(target)
        }
    }

    /// The 404 of the surface that owns a path.
    ///
    /// Empty segments are skipped: `//v1/x` belongs to the surface that owns `/v1`.
    func unknownPath(_ target: String) -> Resolution {
        let segments = target.prefix { $0 != "?" }.split(separator: "/")
        return owners.first { segments.starts(with: $0.prefix) }?.unknownPath ?? fallback
    }
}

/// The path of a request's target, without its query and its trailing slash.
private struct RequestPath {
    /// Where the path ends.
    private(set) var end: Int
    private(set) var hasTrailingSlash = false
    /// Whether it begins with a slash.
    let isRegular: Bool

    init(_ target: UnsafeBufferPointer<UInt8>) {
        end = target.count
        isRegular = target.first == UInt8(ascii: "/")
        if let query = target.firstIndex(of: UInt8(ascii: "?")) { end = query }
        if end > 1, target[end - 1] == UInt8(ascii: "/") {
            hasTrailingSlash = true
            end -= 1
        }
    }
}
