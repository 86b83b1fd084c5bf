import Bus
import Contracts

/// All that inference-svc answers.
enum InferenceEndpoints {
    static func table(catalogue: Catalogue, routing: Routing) -> EndpointTable {
        var table = EndpointTable(service: "inference-svc")
        table.serveEncoded(Inference.Generate.self) { body, context in
            try await routing.generate(GenerationRequest(body), context)
        }
        table.serveEncoded(Inference.Complete.self) { body, context in
            try await routing.complete(GenerationRequest(body), context)
        }
        table.serve(Inference.Embed.self) { request, context in try await routing.embed(request, context) }
        table.serve(Models.Find.self) { request, _ in try await catalogue.find(request.name) }
        table.serve(Models.List.self) { _, _ in catalogue.reports }
        return table
    }
}
