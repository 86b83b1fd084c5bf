import Bus
import Contracts
import HTTP
import HTTPTypes
import JSON
import NIOHTTP1

/// `/api/v1/chat/conversations/{id}/runs/{run}`: show, follow and cancel runs.
struct RunsController: Sendable {
    let conversations: any Bus

    /// Returns the run, or its events if `Accept` asks for a stream.
    func find(_ request: Request, _ context: AuthenticatedContext) async throws -> Response {
        if RunEventStream.isWanted(by: request) { return try await stream(request, context) }
        return try await state(context)
    }

    /// Streams the events after the client's last one, or returns the run if `Accept` asks for JSON.
    func events(_ request: Request, _ context: AuthenticatedContext) async throws -> Response {
        if request.headers[.accept]?.lowercased() == "application/json" { return try await state(context) }
        return try await stream(request, context)
    }

    private func state(_ context: AuthenticatedContext) async throws -> Response {
        let (conversation, run) = (try context.conversation(), try context.run())
        return answer(try await conversations.call(Runs.Find(conversation: conversation, run: run), context.call))
    }

    func cancel(_ request: Request, _ context: AuthenticatedContext) async throws -> Response {
        let (conversation, run) = (try context.conversation(), try context.run())
        return answer(try await conversations.call(Runs.Cancel(conversation: conversation, run: run), context.call))
    }

    private func stream(_ request: Request, _ context: AuthenticatedContext) async throws -> Response {
        let (conversation, run) = (try context.conversation(), try context.run())
        let follow = Runs.Follow(conversation: conversation, run: run, after: try last(request))
        let started = ContinuousClock.now
        let stream = try await context.stream(context.call) { try await conversations.stream(follow, $0) }
        return RunEventStream.response(following: stream, of: run, since: started)
    }

    /// The number of the client's last event: the larger of `Last-Event-ID` and `?after=`.
    private func last(_ request: Request) throws -> Int {
        let after = try QueryParameters(request).integer("after", default: 0, in: QueryParameters.offsets)
        guard let text = request.headers[.lastEventID], !text.isEmpty else { return after }
        guard let number = QueryParameters.number(text), QueryParameters.offsets.contains(number) else {
            throw Fault(.invalid, "The header Last-Event-ID must be the `id` of an event.")
        }
        return max(after, number)
    }

    private func answer(_ run: Run) -> Response {
        var json = JSONWriter()
        json.run(run)
        return V1Response.json(json)
    }
}
