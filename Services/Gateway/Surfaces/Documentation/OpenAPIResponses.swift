import Contracts

/// The responses of an operation by status, merged from its routes.
struct OpenAPIResponses: Sendable {
    /// A response body with one media type.
    struct Content: Sendable {
        var type: String
        /// Several if the routes of the operation differ.
        var schemas: [Schema]
        var example: RawJSON?
        var events: [RouteDocumentation.Event] = []
    }

    /// The response with one status.
    struct Entry: Sendable {
        var description: String
        var contents: [Content] = []
        var headers: [RouteDocumentation.Parameter] = []
        /// The component that all routes share, if the response is nothing else.
        var component: String?
    }

    private(set) var entries: [Int: Entry] = [:]

    init(_ operation: OpenAPIOperation) {
        for source in operation.sources {
            for answer in source.documentation.responses { add(answer) }
        }
        for source in operation.sources {
            for status in source.errorStatuses { add(error: status, of: source) }
        }
    }

    /// The name of the component for an error of a surface.
    static func component(_ surface: Surface, _ status: Int) -> String { "\(surface.name).\(status)" }

    private mutating func add(_ answer: RouteDocumentation.Answer) {
        var entry = entries[answer.status] ?? Entry(description: answer.description)
        if !entry.description.contains(answer.description) { entry.description += "\n\n" + answer.description }
        if let type = answer.type {
            entry.add(
                Content(
                    type: type,
                    schemas: answer.schema.map { [$0] } ?? [],
                    example: answer.example,
                    events: answer.events
                )
            )
        }
        let known = Set(entry.headers.map { $0.name.lowercased() })
        entry.headers += answer.headers.filter { !known.contains($0.name.lowercased()) }
        entries[answer.status] = entry
    }

    private mutating func add(error status: Int, of source: OpenAPIOperation.Source) {
        let component = Self.component(source.surface, status)
        guard var entry = entries[status] else {
            entries[status] = Entry(
                description: RouteErrors.description(status),
                contents: [Content(type: "application/json", schemas: [source.errors.schema(status)])],
                component: component
            )
            return
        }
        guard entry.component != component else { return }
        entry.component = nil
        entry.add(Content(type: "application/json", schemas: [source.errors.schema(status)]))
        entries[status] = entry
    }
}

extension OpenAPIResponses.Entry {
    /// Adds a body; those of one media type become a choice.
    fileprivate mutating func add(_ content: OpenAPIResponses.Content) {
        guard let index = contents.firstIndex(where: { $0.type == content.type }) else {
            contents.append(content)
            return
        }
        contents[index].schemas += content.schemas.filter { !contents[index].schemas.contains($0) }
        contents[index].example = contents[index].example ?? content.example
        contents[index].events += content.events
    }
}
