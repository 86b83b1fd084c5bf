import Contracts
import Foundation
import HTTP
import JSON
import NIOCore
import NIOFoundationCompat
import NIOHTTP1

/// Ollama's API for pulling, creating, showing and deleting models.
struct OllamaModelAPI: Sendable {
    /// Maximum duration of a deletion: removing large files takes time.
    private static let deletionLimit = Duration.seconds(60)
    /// An upper bound for jobs; the caller enforces shorter timeouts.
    private static let silenceLimit = Duration.seconds(86_400)

    let client: ProviderClient

    /// Throws `missing` for an unknown model.
    func show(_ model: String, within limit: Duration) async throws -> OllamaShow {
        let body = try JSONEncoder().encodeAsByteBuffer(
            OllamaShowRequest(model: model),
            allocator: ByteBufferAllocator()
        )
        let answer = try await client.fetch(.POST, "/api/show", body: body, about: model, within: limit)
        do {
            return try JSONDecoder().decode(OllamaShow.self, from: answer)
        } catch {
            throw client.faults.invalidResponse("an invalid description of a model")
        }
    }

    /// Throws `missing` for an unknown model.
    func delete(_ model: String) async throws {
        var json = JSONWriter()
        json.object { $0.field("model", model) }
        _ = try await client.fetch(
            .DELETE,
            "/api/delete",
            body: json.buffer,
            about: model,
            within: Self.deletionLimit
        )
    }

    /// Starts pulling a model; the response contains lines of progress.
    ///
    /// Closing the response ends the download; Ollama keeps the downloaded parts.
    func pull(_ model: String) async throws -> HTTPClient.Response {
        var json = JSONWriter()
        json.object { json in
            json.field("model", model)
            json.field("stream", true)
        }
        return try await open("/api/pull", json.buffer, about: model)
    }

    /// Starts creating a model; the response contains lines of progress.
    func create(_ modelfile: Modelfile, isLegacy: Bool) async throws -> HTTPClient.Response {
        let body = isLegacy ? modelfile.legacyCreateRequest : modelfile.createRequest
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
        guard response.status == 200 else { throw await client.error(for: response, model: model) }
        return response
    }
}
