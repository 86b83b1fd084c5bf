import Bus
import Contracts
import HTTP
import HTTPTypes
import JSON
import NIOHTTP1

/// Starts turns: send, edit, regenerate.
///
/// The response is JSON after the run, or a stream of its events.
struct TurnsController: Sendable {
    let conversations: any Bus

    /// `POST …/messages`.
    func send(_ request: Request, _ context: AuthenticatedContext) async throws -> Response {
        try await send(request, context, insteadOf: nil)
    }

    /// `POST …/messages/{message}/edit`.
    func edit(_ request: Request, _ context: AuthenticatedContext) async throws -> Response {
        try await send(request, context, insteadOf: try context.message())
    }

    private func send(
        _ request: Request,
        _ context: AuthenticatedContext,
        insteadOf message: Message.ID?
    ) async throws -> Response {
        let conversation = try context.conversation()
        let body = try await request.body.json(TurnBody<MessageRequest>.self)
        let start = Runs.Start(
            conversation: conversation,
            content: try body.members.validated(),
            insteadOf: message,
            key: try IdempotencyKey.read(request, body: body.members.client_message_id),
            options: try body.options.validated()
        )
        return try await answer(start, wantsStream: body.members.stream, request, context)
    }

    /// `POST …/messages/{message}/regenerate`; the body is optional.
    func regenerate(_ request: Request, _ context: AuthenticatedContext) async throws -> Response {
        let (conversation, message) = (try context.conversation(), try context.message())
        let body = try await request.body.jsonIfPresent(TurnBody<RegenerateMembers>.self)
        let start = Runs.Start(
            conversation: conversation,
            content: nil,
            insteadOf: message,
            key: try IdempotencyKey.read(request, body: body?.members.client_message_id),
            options: try body?.options.validated()
        )
        return try await answer(start, wantsStream: body?.members.stream, request, context)
    }

    private struct RegenerateMembers: Decodable {
        var stream: Bool?
        var client_message_id: LenientString?
    }

    private func answer(
        _ start: Runs.Start,
        wantsStream: Bool?,
        _ request: Request,
        _ context: AuthenticatedContext
    ) async throws -> Response {
        guard wantsStream == true || RunEventStream.isWanted(by: request) else {
            return try await complete(start, context)
        }
        let started = ContinuousClock.now
        return try await RunEventStream.response(
            toTurn: try await context.stream(context.call) { try await conversations.stream(start, $0) },
            since: started
        )
    }

    private func complete(_ start: Runs.Start, _ context: AuthenticatedContext) async throws -> Response {
        var call = context.call
        // The run has its own timeouts; this bounds the wait for them.
        call.deadline = .now + .seconds(900)
        let turn = try await context.answer(call) { try await conversations.call(Runs.Complete(start), $0) }
        var response = answer(turn, namesModel: start.options?.model != nil || start.insteadOf != nil)
        if let timing = turn.end.timing {
            response.headers[.serverTiming] = ServerTiming.entries(queue: timing.queue, upstream: timing.upstream)
        }
        response.headers[.xParleyRun] = turn.run.description
        return response
    }

    /// Returns the response for a finished turn.
    ///
    /// If the request named the model, or repeats one that may have, a name that is invalid or that no provider has is the
    /// client's error.
    private func answer(_ turn: Turn, namesModel: Bool) -> Response {
        guard turn.end.status == .completed || turn.end.status == .stopped else {
            var fault = RunFault(of: turn.end).fault
            let isOfRequest = namesModel && [.invalid, .missing].contains(fault.code)
            if ![.full, .quotaExceeded].contains(fault.code), !isOfRequest { fault.code = .unavailable }
            return V1Response.error(fault) { json in
                json.field("run_id", turn.run.description)
                json.field("status", turn.end.status.rawValue)
                json.message("user_message", turn.userMessage)
                json.message("assistant_message", turn.end.assistantMessage)
            }
        }
        var json = JSONWriter()
        json.object { json in
            json.message("user_message", turn.userMessage)
            json.end(turn.end)
        }
        return V1Response.json(json)
    }
}
