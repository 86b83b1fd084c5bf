import Bus
import Contracts
import Foundation
import HTTP
import JSON

/// `GET /v1/models` and `GET /v1/models/{model}`.
struct ModelListController: Sendable {
    let inference: any Bus

    func list(_ request: Request, _ context: AuthenticatedContext) async throws -> Response {
        let reports = try await inference.call(Models.List(), context.call)
        var json = JSONWriter()
        json.object { json in
            json.field("object", "list")
            json.array("data", reports.flatMap(\.models)) { $1.writeOpenAI(to: &$0) }
        }
        return OpenAIResponse.json(json)
    }

    func find(_ request: Request, _ context: AuthenticatedContext) async throws -> Response {
        guard let name = context.parameters.get("model") else {
            throw Fault(.missing, "Model not found")
        }
        let model = try await inference.call(Models.Find(name: name), context.call)
        var json = JSONWriter()
        model.writeOpenAI(to: &json)
        return OpenAIResponse.json(json)
    }
}

extension Model {
    /// Writes a model in OpenAI's format; its creation date is unknown.
    fileprivate func writeOpenAI(to json: inout JSONWriter) {
        json.object { json in
            json.field("id", name)
            json.field("object", "model")
            json.field("created", 0)
            json.field("owned_by", String(name.prefix { $0 != "/" }))
            json.field("context_window", window)
        }
    }
}
