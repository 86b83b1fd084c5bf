import Bus
import Contracts
import HTTP
import JSON
import NIOHTTP1

/// `POST /api/pull/`, `/api/delete/` and `/api/create/`: manage Ollama's models.
///
/// The answer to a pull or creation is sent at its end. The job goes on if the client disconnects before; a repeated
/// request joins it.
struct APIGatewayModelsController: Sendable {
    let inference: any Bus
    let mode: AuthenticationMode

    func pull(_ request: Request, _ context: AuthenticatedContext) async throws -> Response {
        let model = try await APIGatewayBody.read(request) { $0.string("model_name", minimumLength: 1) }
        try context.requireModelManager(mode)
        let started = try await inference.call(Models.Pull(model: model), context.jobCall)
        try await waitForEnd(of: started.job, context)
        return APIGatewayResponse.status("Model pulled successfully")
    }

    func delete(_ request: Request, _ context: AuthenticatedContext) async throws -> Response {
        let model = try await APIGatewayBody.read(request) { $0.string("model", minimumLength: 1) }
        try context.requireModelManager(mode)
        _ = try await inference.call(Models.Delete(model: model), context.modelDeletionCall)
        return APIGatewayResponse.status("Model deleted successfully")
    }

    func create(_ request: Request, _ context: AuthenticatedContext) async throws -> Response {
        let create = try await APIGatewayBody.read(request) { fields in
            Models.Create(
                model: fields.string("name", minimumLength: 1),
                from: fields.string("basemodel", minimumLength: 1),
                system: fields.string("personality")
            )
        }
        try context.requireModelManager(mode)
        let started = try await inference.call(create, context.jobCall)
        try await waitForEnd(of: started.job, context)
        return APIGatewayResponse.status("Model created successfully")
    }

    /// Throws the fault of a job that did not complete.
    private func waitForEnd(of job: ModelJob, _ context: AuthenticatedContext) async throws {
        let follow = Models.FollowPull(id: job.id)
        let replica = try await ModelJobReplicas(inference: inference).replica(of: job.id, context.call)
        let changes = try await context.stream(context.call) { try await replica.stream(follow, $0) }
        defer { changes.close() }
        var last = job
        while let batch = try await changes.nextBatch() { last = batch.last ?? last }
        guard last.state != .completed else { return }
        throw last.fault ?? Fault(.provider, "\(last.model): the job ended with the state \(last.state.rawValue).")
    }
}
