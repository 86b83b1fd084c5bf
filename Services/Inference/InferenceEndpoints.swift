import Bus
import Contracts

/// The endpoints of inference-svc.
enum InferenceEndpoints {
    static func table(catalogue: Catalogue, routing: Routing, handlers: ModelHandlers) -> EndpointTable {
        var table = EndpointTable(service: "inference-svc")
        table.serveEncoded(Inference.Generate.self) { body, context in
            try await routing.generate(GenerationRequest.read(body), context)
        }
        table.serveEncoded(Inference.Complete.self) { body, context in
            try await routing.complete(GenerationRequest.read(body), context)
        }
        table.serveEncoded(Inference.Embed.self) { body, context in
            try await routing.embed(EmbeddingValidator.read(body), context)
        }
        table.serve(Models.Find.self) { request, _ in try await routing.find(request.name) }
        table.serve(Models.List.self) { _, _ in catalogue.reports }
        table.serve(Models.Show.self) { request, _ in try await handlers.show(request) }
        table.serve(Models.Create.self) { request, _ in try handlers.create(request) }
        table.serve(Models.Delete.self) { request, _ in try await handlers.delete(request) }
        table.serve(Models.Pull.self) { request, _ in try handlers.pull(request) }
        table.serve(Models.Pulls.self) { _, _ in handlers.jobs.list }
        table.serve(Models.FollowPull.self) { request, _ in try handlers.jobs.watch(request.id) }
        table.serve(Models.CancelPull.self) { request, _ in try await handlers.jobs.cancel(request.id) }
        return table
    }
}
