import Bus
import Contracts
import Foundation
import HTTP
import HTTPTypes
import JSON
import NIOHTTP1

/// `/api/v1/models`: list, show, pull, create and delete models.
struct ModelsController: Sendable {
    let inference: any Bus
    let mode: AuthenticationMode

    private struct PullBody: Decodable {
        var model: String
    }

    private struct CreateBody: Decodable {
        var model: String
        var from: String
        var system: String?
        var template: String?
        var parameters: RawJSON?
    }

    /// Returns all models and the status of their providers.
    func list(_ request: Request, _ context: AuthenticatedContext) async throws -> Response {
        let reports = try await inference.call(Models.List(), context.call)
        let mayManage = context.mayManageModels(mode)
        var json = JSONWriter()
        json.object { json in
            json.array("models", reports.flatMap(\.models)) { $0.model($1) }
            json.array("providers", reports) { $0.provider($1, withAddress: mayManage) }
        }
        return V1Response.json(json)
    }

    /// Returns one model with its provider's details.
    func show(_ request: Request, _ context: AuthenticatedContext) async throws -> Response {
        let description = try await inference.call(Models.Show(model: try Self.model(context)), context.call)
        var json = JSONWriter()
        json.description(description)
        return V1Response.json(json)
    }

    /// Starts a pull, or joins one that is in progress.
    func pull(_ request: Request, _ context: AuthenticatedContext) async throws -> Response {
        try context.requireModelManager(mode)
        let body = try await request.body.json(PullBody.self)
        return answer(try await inference.call(Models.Pull(model: body.model), context.jobCall))
    }

    /// Starts the creation of a model from another one.
    func create(_ request: Request, _ context: AuthenticatedContext) async throws -> Response {
        try context.requireModelManager(mode)
        let body = try await request.body.json(CreateBody.self)
        let create = Models.Create(
            model: body.model,
            from: body.from,
            system: body.system,
            template: body.template,
            parameters: body.parameters
        )
        return answer(try await inference.call(create, context.jobCall))
    }

    func delete(_ request: Request, _ context: AuthenticatedContext) async throws -> Response {
        try context.requireModelManager(mode)
        let model = try Self.model(context)
        _ = try await inference.call(Models.Delete(model: model), context.modelDeletionCall)
        var json = JSONWriter()
        json.object { json in
            json.field("success", true)
            json.field("message", "Model deleted successfully")
            json.field("deleted_model", model)
        }
        return V1Response.json(json)
    }

    /// Returns the jobs in progress and those that ended recently.
    func jobs(_ request: Request, _ context: AuthenticatedContext) async throws -> Response {
        let jobs = try await ModelJobReplicas(inference: inference).list(context.call)
        var json = JSONWriter()
        json.object { json in
            json.array("pulls", jobs) { $0.job($1) }
            json.field("total", jobs.count)
        }
        return V1Response.json(json)
    }

    /// Streams the progress of a job until it ends.
    func events(_ request: Request, _ context: AuthenticatedContext) async throws -> Response {
        let follow = Models.FollowPull(id: try Self.job(context))
        let replica = try await ModelJobReplicas(inference: inference).replica(of: follow.id, context.call)
        let stream = try await context.stream(context.call) { try await replica.stream(follow, $0) }
        return ModelJobEventStream.response(of: stream)
    }

    /// Cancels a job.
    func cancel(_ request: Request, _ context: AuthenticatedContext) async throws -> Response {
        try context.requireModelManager(mode)
        let cancel = Models.CancelPull(id: try Self.job(context))
        let replica = try await ModelJobReplicas(inference: inference).replica(of: cancel.id, context.call)
        let job = try await replica.call(cancel, context.call)
        var json = JSONWriter()
        json.job(job)
        return V1Response.json(json)
    }

    private func answer(_ begun: Models.StartedJob) -> Response {
        var json = JSONWriter()
        json.job(begun.job, isJoined: !begun.isNew)
        var response = V1Response.json(json, status: .accepted)
        response.headers[.location] = "/api/v1/models/pulls/\(begun.job.id)/events"
        return response
    }

    /// The model name: the rest of the path, including slashes; percent-encoding is allowed.
    private static func model(_ context: AuthenticatedContext) throws(Fault) -> String {
        guard let name = context.parameters.get("model") else { throw Fault(.missing, "Model not found") }
        return name
    }

    private static func job(_ context: AuthenticatedContext) throws -> ModelJob.ID {
        try context.identifier("job", missing: "Pull not found")
    }
}
