import JSON

/// The first results of a search, from SearXNG's JSON.
struct SearchResults {
    /// Maximum lengths, in Unicode scalars.
    private static let titleLimit = 200
    private static let addressLimit = 1000
    private static let bodyLimit = 1000

    private struct Page {
        var title = ""
        var href = ""
        var body = ""
    }

    let limit: Int
    private var pages: [Page] = []
    private var hasUnresponsiveEngines = false

    init(limit: Int) {
        self.limit = limit
    }

    /// Title, address and summary of each page, with a blank line between two pages.
    var text: String {
        guard !pages.isEmpty else {
            return hasUnresponsiveEngines
                ? "No results: some search engines did not respond. Try again later." : "No results."
        }
        return pages.map { "title: \($0.title)\nhref: \($0.href)\nbody: \($0.body)" }.joined(separator: "\n\n")
    }

    /// Reads the whole response; throws if it has no `results`.
    mutating func read(_ json: inout JSONScanner) throws {
        var hasResults = false
        try json.object { key, json in
            switch key {
            case "results":
                hasResults = true
                try json.array { try add(&$0) }
            case "unresponsive_engines": hasUnresponsiveEngines = try json.raw().count > "[]".utf8.count
            default: try json.skip()
            }
        }
        guard hasResults else { throw JSONScanner.Malformed() }
    }

    private mutating func add(_ json: inout JSONScanner) throws {
        guard pages.count < limit else { return try json.skip() }
        var page = Page()
        try json.objectOrSkip { key, json in
            switch key {
            case "title": page.title = ExternalText.line(try json.optionalString() ?? "", limit: Self.titleLimit)
            case "url": page.href = try json.optionalString() ?? ""
            case "content": page.body = ExternalText.line(try json.optionalString() ?? "", limit: Self.bodyLimit)
            default: try json.skip()
            }
        }
        if ExternalAddress.isValid(page.href, limit: Self.addressLimit) { pages.append(page) }
    }
}
