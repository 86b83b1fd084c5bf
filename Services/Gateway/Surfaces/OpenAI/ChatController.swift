import Bus
import Contracts
import Hummingbird
import NIOCore

/// `POST /v1/chat/completions`: straight to inference-svc and back; nothing is stored.
///
/// A client that leaves cancels the model's work.
struct ChatController: Sendable {
    /// How long an answer may take; inference-svc has its own limits, this only bounds the wait for them.
    private static let limit = Duration.seconds(900)

    let inference: any Bus

    func complete(_ request: Request, _ context: AuthenticatedContext) async throws -> Response {
        do {
            let body = try await RequestBody.bytes(of: request)
            let chat = try ChatRequest(body)
            var call = context.call
            call.deadline = .now + Self.limit
            return chat.wantsStream ? try await stream(chat, call) : try await whole(chat, call)
        } catch let parameter as OpenAIError.Parameter {
            return OpenAIAnswer.parameter(parameter)
        }
    }

    private func whole(_ chat: ChatRequest, _ call: CallContext) async throws -> Response {
        let started = ContinuousClock.now
        let answer = try await inference.call(Inference.Complete.self, encoded: chat.encoded(), call)
        var response = OpenAIAnswer.json(ChatAnswer(answer).encoded())
        response.headers[.serverTiming] = ServerTiming.entry("upstream", .now - started)
        return response
    }

    /// Answers once the model has begun, so that what goes wrong before has a status.
    private func stream(_ chat: ChatRequest, _ call: CallContext) async throws -> Response {
        let started = ContinuousClock.now
        let stream = try await inference.stream(Inference.Generate.self, encoded: chat.encoded(), call)
        do {
            guard let first = try await stream.nextEncodedBatch() else {
                throw Fault(.cut, "The answer ended before it began. Try again.")
            }
            var headers: HTTPFields = [
                .contentType: "text/event-stream; charset=utf-8", .cacheControl: "no-cache", .xAccelBuffering: "no",
            ]
            headers[.serverTiming] = ServerTiming.entry("queue", .now - started)
            return Response(
                status: .ok,
                headers: headers,
                body: Self.body(of: stream, first: first, includesUsage: chat.includesUsage)
            )
        } catch {
            stream.close()
            throw error
        }
    }

    /// What one read brought goes on in one write.
    private static func body(
        of stream: ElementStream<Inference.Event>,
        first: [ByteBuffer],
        includesUsage: Bool
    ) -> ResponseBody {
        ResponseBody { writer in
            defer { stream.close() }
            var chunks = ChatChunks(includesUsage: includesUsage)
            var batch: [ByteBuffer]? = first
            do {
                while let elements = batch, !chunks.isOver {
                    let frames = try chunks.frames(of: elements)
                    if frames.readableBytes > 0 { try await writer.write(frames) }
                    if chunks.isOver { break }
                    batch = try await stream.nextEncodedBatch()
                }
                if !chunks.isOver { throw Fault(.cut, "The model's answer stopped without an end.") }
            } catch let fault as Fault {
                try await writer.write(ChatChunks.frame(of: fault))
            }
            try await writer.finish(nil)
        }
    }
}
