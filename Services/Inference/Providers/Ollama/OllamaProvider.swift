import Bus
import Contracts
import Foundation
import NIOCore
import NIOFoundationCompat
import NIOHTTP1

/// Ollama, over its native API.
struct OllamaProvider: Provider {
    /// More models than this are not listed.
    private static let modelLimit = 1000

    let name = "ollama"
    let isConfigured: Bool
    var address: String? { client.address }
    private let windowLimit: Int
    private let client: ProviderClient
    private let windows = OllamaWindows()

    /// Ollama at a URL, asked for windows of at most `windowLimit` tokens; throws when the URL cannot be read.
    init(url: String, isConfigured: Bool, windowLimit: Int, client: HTTPClient) throws {
        self.isConfigured = isConfigured
        self.windowLimit = windowLimit
        self.client = try ProviderClient(
            name: "Ollama",
            url: url,
            setting: "OLLAMA_BASE_URL",
            advice: "Start it with `ollama serve`. ",
            adviceForMissing: "Get it with `ollama pull {model}`, or choose another model.",
            client: client,
            readRefusal: Self.refusal
        )
    }

    func models() async throws -> [Model] {
        let answer = try await client.ask(.GET, "/api/tags")
        let entries: [OllamaTags.Entry]
        do {
            entries = try JSONDecoder().decode(OllamaTags.self, from: answer).models ?? []
        } catch {
            throw client.faults.unreadable("a list of models that is not one")
        }
        windows.note(entries)
        return entries.prefix(Self.modelLimit)
            .filter { $0.canChat && ModelName.isValid($0.name) }
            .map { Model(name: "\(name)/\($0.name)", window: min(windows[$0.name] ?? windowLimit, windowLimit)) }
    }

    func model(_ model: String) async throws -> Model {
        Model(name: "\(name)/\(model)", window: try await window(of: model))
    }

    private func window(of model: String) async throws -> Int {
        if let window = windows[model] { return min(window, windowLimit) }
        guard windows.isWorthAsking else { return windowLimit }
        do {
            let body = try JSONEncoder().encodeAsByteBuffer(
                OllamaShowRequest(model: model),
                allocator: ByteBufferAllocator()
            )
            let answer = try await client.ask(.POST, "/api/show", body: body, about: model)
            guard let window = try JSONDecoder().decode(OllamaShow.self, from: answer).window else {
                return windowLimit
            }
            windows.keep(window, of: model)
            return min(window, windowLimit)
        } catch let error as ProviderError where error.fault.code != .missing {
            // Whoever generates will be told; until then the largest window that we would ask for will do.
            windows.beQuiet(for: .seconds(5))
            return windowLimit
        } catch is DecodingError {
            return windowLimit
        }
    }

    func generate(_ prompt: Prompt) async throws -> ElementStream<Inference.Event> {
        let window = try await window(of: prompt.model)
        let response = try await client.open(
            "/api/chat",
            body: OllamaChatRequest(prompt: prompt, window: window).encoded(),
            accept: "application/x-ndjson, application/json",
            for: prompt
        )
        let decoder = OllamaDecoder(model: "\(name)/\(prompt.model)", faults: client.faults)
        return ProviderStream(body: response.body, faults: client.faults, decoder: decoder).events
    }

    func embed(_ request: EmbeddingRequest) async throws -> Inference.Embeddings {
        throw Fault(.invalid, "Embeddings of Ollama are not supported yet.")
    }

    /// What an answer says that is an error.
    private static func refusal(_ status: Int, _ headers: HTTPHeaders, _ body: ByteBuffer) -> ProviderFaults.Refusal {
        var words: String?
        // Whatever is no JSON of Ollama's says nothing.
        do { words = try OllamaChatLine(body).error } catch {}
        return ProviderFaults.Refusal(status: status, headers: headers, words: words)
    }
}
