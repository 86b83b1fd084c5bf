import Bus
import Contracts
import HTTP
import JSON

/// `POST /v1/embeddings`.
struct EmbeddingsController: Sendable {
    let inference: any Bus
    let meter: CallMeter

    func embed(_ request: Request, _ context: AuthenticatedContext) async throws -> Response {
        let embeddings = try EmbeddingsRequest(try await request.body.jsonBytes())
        let metered = try await meter.begin(
            context.caller,
            model: embeddings.request.model,
            promptTokens: TokenEstimate.tokens(in: embeddings.request.input),
            maxTokens: 0
        )
        var call = context.call
        call.deadline = .now + .seconds(300)
        let made = try await make(embeddings.request, call, metered, context)
        return try answer(made, asText: embeddings.wantsBase64)
    }

    private func make(
        _ request: Inference.Embed,
        _ call: CallContext,
        _ metered: MeteredCall,
        _ context: AuthenticatedContext
    ) async throws -> Inference.Embeddings {
        do {
            let made = try await context.answer(call) { try await inference.call(request, $0) }
            let usage = Usage(promptTokens: made.promptTokens, completionTokens: 0, isEstimated: made.isEstimated)
            metered.finish(.reported(model: made.model, usage: usage))
            return made
        } catch {
            metered.finish(MeteredCall.Outcome(after: error))
            throw error
        }
    }

    private func answer(_ embeddings: Inference.Embeddings, asText: Bool) throws -> Response {
        let numbers = try asText ? [] : embeddings.vectors.map(EmbeddingVector.read)
        var json = JSONWriter()
        json.object { json in
            json.field("object", "list")
            json.objects("data", Array(embeddings.vectors.indices)) { json, index in
                json.field("object", "embedding")
                json.field("index", index)
                if asText {
                    json.field("embedding", embeddings.vectors[index])
                } else {
                    json.array("embedding", numbers[index]) { $0.number($1) }
                }
            }
            json.field("model", embeddings.model)
            json.object("usage") { json in
                json.field("prompt_tokens", embeddings.promptTokens)
                json.field("total_tokens", embeddings.promptTokens)
            }
        }
        return OpenAIResponse.json(json)
    }
}
