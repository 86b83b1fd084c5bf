import Bus
import Contracts
import HTTP
import HTTPTypes
import JSON
import NIOCore
import NIOHTTP1

/// `POST /v1/chat/completions`: stateless unless `store` is set.
///
/// The generation is cancelled when the client disconnects or the API key becomes invalid.
struct ChatCompletionsController: Sendable {
    /// Timeout of a completion; inference-svc has shorter ones of its own.
    private static let limit = Duration.seconds(900)

    let inference: any Bus
    let meter: CallMeter
    let storedCompletions: StoredCompletionWriter

    func complete(_ request: Request, _ context: AuthenticatedContext) async throws -> Response {
        var chat = try ChatCompletionRequest(try await request.body.jsonBytes())
        let metered = try await meter.begin(
            context.caller,
            model: chat.model,
            promptTokens: TokenEstimate.tokens(inBytes: chat.promptBytes),
            maxTokens: chat.tokenLimit
        )
        if let limit = metered.answerLimit { chat.limitAnswer(to: limit) }
        var call = context.call
        call.deadline = .now + Self.limit
        return chat.wantsStream
            ? try await stream(chat, call, metered, context)
            : try await whole(chat, call, metered, context)
    }

    private func whole(
        _ chat: ChatCompletionRequest,
        _ call: CallContext,
        _ metered: MeteredCall,
        _ context: AuthenticatedContext
    ) async throws -> Response {
        let started = ContinuousClock.now
        do {
            let answer = try await context.answer(call) { call in
                try await inference.call(Inference.Complete.self, encoded: chat.encoded(), call)
            }
            let isStored =
                if let stored = chat.stored { await storedCompletions.store(stored, answer, call) } else { false }
            metered.finish(MeteredCall.Outcome(answer.finish))
            var response = OpenAIResponse.json(ChatCompletion(answer).encoded())
            response.headers[.serverTiming] = ServerTiming.entry("upstream", .now - started)
            if isStored { response.headers[.xParleyConversation] = chat.stored?.id.description }
            return response
        } catch {
            metered.finish(MeteredCall.Outcome(after: error))
            throw error
        }
    }

    /// Returns the response after the first event has arrived, so that earlier errors have a status code.
    private func stream(
        _ chat: ChatCompletionRequest,
        _ call: CallContext,
        _ metered: MeteredCall,
        _ context: AuthenticatedContext
    ) async throws -> Response {
        let started = ContinuousClock.now
        let stream: ElementStream<Inference.Event>
        let first: [ByteBuffer]
        do {
            (stream, first) = try await begin(chat, call, context)
        } catch {
            metered.finish(MeteredCall.Outcome(after: error))
            throw error
        }
        var response = response(of: stream, first: first, chat, call, metered)
        response.headers[.serverTiming] = ServerTiming.entry("queue", .now - started)
        if let stored = chat.stored { response.headers[.xParleyConversation] = stored.id.description }
        return response
    }

    /// Opens the stream and waits for the answer to begin.
    private func begin(
        _ chat: ChatCompletionRequest,
        _ call: CallContext,
        _ context: AuthenticatedContext
    ) async throws -> (ElementStream<Inference.Event>, [ByteBuffer]) {
        let stream = try await context.stream(call) { call in
            try await inference.stream(Inference.Generate.self, encoded: chat.encoded(), call)
        }
        do {
            while let batch = try await stream.nextEncodedBatch() {
                // Before the answer begins, events only say that it is waited for.
                let first = batch.drop { $0.readableBytesView.starts(with: "{\"progress\":".utf8) }
                if !first.isEmpty { return (stream, Array(first)) }
            }
            throw Fault(.cut, "The response ended before it started. Try again.")
        } catch {
            stream.close()
            throw error
        }
    }

    /// Writes each batch as it arrives.
    private func response(
        of stream: ElementStream<Inference.Event>,
        first: [ByteBuffer],
        _ chat: ChatCompletionRequest,
        _ call: CallContext,
        _ metered: MeteredCall
    ) -> Response {
        let state = ChatStreamState(chat, first: first, storedCompletions, call, metered)
        return .eventStream { writer in
            defer { stream.close() }
            do {
                while !state.isFinished {
                    var events = state.takeFirst()
                    if events == nil { events = try await stream.nextEncodedBatch() }
                    guard let events else { break }
                    let frames = try state.take(events)
                    // Stored before the last chunk is sent: the client may read the conversation at once.
                    if state.isFinished { await state.store() }
                    if frames.readableBytes > 0 { try await writer.write(frames) }
                }
                try state.finish()
            } catch {
                // The client disconnected: send nothing more. Closing the stream cancels the generation.
                guard let lastFrame = state.fail(error) else { throw error }
                try await writer.write(lastFrame)
            }
            try await writer.finish()
        }
    }
}
