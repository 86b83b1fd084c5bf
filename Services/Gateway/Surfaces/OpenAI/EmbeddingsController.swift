import Bus
import Contracts
import HTTP
import JSON
import NIOCore

/// `POST /v1/embeddings`.
struct EmbeddingsController: Sendable {
    let inference: any Bus
    let meter: CallMeter

    func embed(_ request: Request, _ context: AuthenticatedContext) async throws -> Response {
        let body = try await request.body.jsonBytes()
        let embeddings = try await WorkerThreads.run(inputBytes: body.readableBytes) { try EmbeddingsRequest(body) }
        let metered = try await meter.begin(
            context.caller,
            model: embeddings.model,
            promptTokens: embeddings.promptTokens,
            maxTokens: 0
        )
        var call = context.call
        call.deadline = .now + .seconds(300)
        let made = try await make(embeddings, call, metered, context)
        let size = made.vectors.reduce(0) { $0 + $1.utf8.count }
        return try await WorkerThreads.run(inputBytes: embeddings.wantsBase64 ? 0 : size) {
            try answer(made, asText: embeddings.wantsBase64)
        }
    }

    private func make(
        _ request: EmbeddingsRequest,
        _ call: CallContext,
        _ metered: MeteredCall,
        _ context: AuthenticatedContext
    ) async throws -> Inference.Embeddings {
        do {
            let made = try await context.answer(call) { call in
                try await inference.call(Inference.Embed.self, encoded: request.encoded, call)
            }
            let usage = Usage(promptTokens: made.promptTokens, completionTokens: 0, isEstimated: made.isEstimated)
            metered.finish(.reported(model: made.model, usage: usage))
            return made
        } catch {
            metered.finish(MeteredCall.Outcome(after: error))
            guard let fault = error as? Fault, let parameter = Self.parameter(fault) else { throw error }
            throw parameter
        }
    }

    /// The error for a fault that the texts have caused; `nil` for any other.
    private static func parameter(_ fault: Fault) -> OpenAIError.Parameter? {
        switch fault.code {
        case .contextTooLong:
            OpenAIError.Parameter(param: "input", code: "context_length_exceeded", message: fault.message)
        case .invalid where fault.message.hasPrefix("input"):
            OpenAIError.Parameter(param: "input", code: "invalid_value", message: fault.message)
        default: nil
        }
    }

    private func answer(_ embeddings: Inference.Embeddings, asText: Bool) throws -> Response {
        var json = JSONWriter()
        var index = 0
        var flaw: Fault?
        json.object { json in
            json.field("object", "list")
            json.objects("data", embeddings.vectors) { json, vector in
                json.field("object", "embedding")
                json.field("index", index)
                index += 1
                guard !asText else { return json.field("embedding", vector) }
                do throws(Fault) {
                    json.array("embedding", try EmbeddingVector.read(vector)) { $0.number($1) }
                } catch {
                    flaw = error
                }
            }
            json.field("model", embeddings.model)
            json.object("usage") { json in
                json.field("prompt_tokens", embeddings.promptTokens)
                json.field("total_tokens", embeddings.promptTokens)
            }
        }
        if let flaw { throw flaw }
        return OpenAIResponse.json(json)
    }
}
