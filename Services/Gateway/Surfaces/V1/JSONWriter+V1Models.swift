import Contracts
import JSON

/// Encodes models and model jobs as v1 defines them.
extension JSONWriter {
    mutating func model(_ model: Model) {
        object { $0.members(of: model) }
    }

    mutating func description(_ description: ModelDescription) {
        object { json in
            json.members(of: description.model)
            json.object("details") { json in
                json.field("full_window", description.fullWindow)
                json.field("format", description.format)
                json.field("family", description.family)
                json.field("size", description.size)
                json.field("quantization", description.quantization)
                json.field("parameters", description.parameters)
                json.field("template", description.template)
                json.field("system", description.system)
            }
        }
    }

    mutating func provider(_ report: Models.ProviderReport, withAddress: Bool) {
        object { json in
            json.field("name", report.name)
            json.field("status", report.fault == nil ? "up" : "down")
            if withAddress { json.field("address", report.address) }
            json.field("error", report.fault?.message)
            if withAddress, let remarks = report.remarks { json.array("remarks", remarks) { $0.text($1) } }
        }
    }

    /// Writes a job; `isJoined` tells whether it existed before the request.
    mutating func job(_ job: ModelJob, isJoined: Bool? = nil) {
        object { json in
            json.field("id", job.id.description)
            json.field("kind", job.kind.rawValue)
            json.field("model", job.model)
            json.field("state", job.state.rawValue)
            json.field("status", job.status)
            json.field("completed_bytes", job.completedBytes)
            json.field("total_bytes", job.totalBytes)
            json.array("layers", job.layers) { json, layer in
                json.object { json in
                    json.field("digest", layer.digest)
                    json.field("completed_bytes", layer.completedBytes)
                    json.field("total_bytes", layer.totalBytes)
                }
            }
            if let fault = job.fault {
                json.object("error") { json in
                    json.field("code", V1ErrorCode.name(fault.code))
                    json.field("message", fault.message)
                }
            } else {
                json.null("error")
            }
            json.field("created_at", V1Timestamp.text(job.startedAt))
            json.field("ended_at", job.endedAt.map(V1Timestamp.text))
            if let isJoined { json.field("joined", isJoined) }
        }
    }

    private mutating func members(of model: Model) {
        field("id", model.name)
        field("provider", String(model.name.prefix { $0 != "/" }))
        field("window", model.window)
        if let abilities = model.abilities {
            array("abilities", abilities) { $0.text($1.rawValue) }
        } else {
            null("abilities")
        }
        field("note", model.note)
        if let price = model.price {
            object("price") { json in
                json.field("prompt", price.prompt)
                json.field("completion", price.completion)
            }
        } else {
            null("price")
        }
    }
}
