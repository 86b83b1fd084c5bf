import Contracts
import Foundation
import HTTP
import JSON
import NIOCore
import NIOFoundationCompat
import NIOHTTP1

/// The models that Ollama has: get one, make one, look at one, throw one away.
struct OllamaModelAPI: Sendable {
    /// Removing the files of a large model takes its time.
    private static let deletionLimit = Duration.seconds(60)
    /// How quiet a job may be is for its owner to mind; this only bounds it.
    private static let silenceLimit = Duration.seconds(86_400)

    let client: ProviderClient

    /// Throws `missing` for a model that is not there.
    func show(_ model: String, within limit: Duration) async throws -> OllamaShow {
        let body = try JSONEncoder().encodeAsByteBuffer(
            OllamaShowRequest(model: model),
            allocator: ByteBufferAllocator()
        )
        let answer = try await client.ask(.POST, "/api/show", body: body, about: model, within: limit)
        do {
            return try JSONDecoder().decode(OllamaShow.self, from: answer)
        } catch {
            throw client.faults.invalidResponse("a description of a model that is none")
        }
    }

    /// Throws `missing` for a model that is not there.
    func delete(_ model: String) async throws {
        var json = JSONWriter()
        json.object { $0.field("model", model) }
        _ = try await client.ask(
            .DELETE,
            "/api/delete",
            body: json.buffer,
            about: model,
            within: Self.deletionLimit
        )
    }

    /// Begins to get a model; what comes are lines of progress.
    ///
    /// Closing the answer's body ends it; what has come of the model stays and is not fetched again.
    func pull(_ model: String) async throws -> HTTPClient.Response {
        var json = JSONWriter()
        json.object { json in
            json.field("model", model)
            json.field("stream", true)
        }
        return try await open("/api/pull", json.buffer, about: model)
    }

    /// Begins to make a model of another one; what comes are lines of progress.
    func create(_ modelfile: Modelfile, inOldForm: Bool) async throws -> HTTPClient.Response {
        let body = inOldForm ? modelfile.oldForm : modelfile.newForm
        return try await open("/api/create", body, about: modelfile.model)
    }

    private func open(_ path: String, _ body: ByteBuffer, about model: String) async throws -> HTTPClient.Response {
        let response = try await client.send(
            .POST,
            path,
            body: body,
            accept: "application/x-ndjson, application/json",
            responseTimeout: Self.silenceLimit,
            idleTimeout: Self.silenceLimit
        )
        guard response.status == 200 else { throw await client.refusal(response, model: model) }
        return response
    }
}
