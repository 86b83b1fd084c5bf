import Bus
import Contracts
import Foundation
import NIOCore
import NIOFoundationCompat
import NIOHTTP1

/// Ollama, over its native API: `/api/chat`, `/api/tags`, `/api/show` and nothing else.
struct OllamaProvider: Provider {
    /// The longest list of models or description of one that is read, in bytes.
    private static let answerLimit = 8 * 1024 * 1024
    /// More models than this are not listed.
    private static let modelLimit = 1000
    /// How long a question about models may take.
    private static let questionLimit = Duration.seconds(5)
    /// The gaps between tokens are minded by whoever reads the stream; this only bounds them all.
    private static let silenceLimit = Duration.seconds(86_400)

    let name = "ollama"
    let isConfigured: Bool
    let address: String?
    private let target: HTTPTarget
    private let root: String
    private let windowLimit: Int
    private let client: HTTPClient
    private let faults: OllamaFaults
    private let windows = OllamaWindows()

    /// Ollama at a URL, asked for windows of at most `windowLimit` tokens; throws when the URL cannot be read.
    init(url: String, isConfigured: Bool, windowLimit: Int, client: HTTPClient) throws {
        let (target, path) = try HTTPTarget.parse(url)
        self.target = target
        root = String(path.prefix { $0 != "?" && $0 != "#" }.reversed().drop { $0 == "/" }.reversed())
        let address = "\(target.isSecure ? "https" : "http")://\(target.authority)\(root)"
        self.address = address
        self.isConfigured = isConfigured
        self.windowLimit = windowLimit
        self.client = client
        faults = OllamaFaults(address: address)
    }

    func models() async throws -> [Model] {
        let answer = try await ask(.GET, "/api/tags", body: nil, about: "")
        let entries: [OllamaTags.Entry]
        do {
            entries = try JSONDecoder().decode(OllamaTags.self, from: answer).models ?? []
        } catch {
            throw faults.unreadable("a list of models that is not one")
        }
        windows.note(entries)
        return entries.prefix(Self.modelLimit)
            .filter { $0.canChat && ModelName.isValid($0.name) }
            .map { Model(name: "\(name)/\($0.name)", window: min(windows[$0.name] ?? windowLimit, windowLimit)) }
    }

    func window(of model: String) async throws -> Int {
        if let window = windows[model] { return min(window, windowLimit) }
        guard windows.isWorthAsking else { return windowLimit }
        do {
            let body = try JSONEncoder().encodeAsByteBuffer(
                OllamaShowRequest(model: model),
                allocator: ByteBufferAllocator()
            )
            let answer = try await ask(.POST, "/api/show", body: body, about: model)
            guard let window = try JSONDecoder().decode(OllamaShow.self, from: answer).window else {
                return windowLimit
            }
            windows.keep(window, of: model)
            return min(window, windowLimit)
        } catch let fault as Fault where fault.code != .missing {
            // Whoever generates will be told; until then the largest window that we would ask for will do.
            windows.beQuiet(for: .seconds(5))
            return windowLimit
        } catch is DecodingError {
            return windowLimit
        }
    }

    func generate(_ prompt: Prompt) async throws -> ElementStream<Inference.Event> {
        let window = try await window(of: prompt.model)
        let response = try await send(
            .POST,
            "/api/chat",
            body: OllamaChatRequest(prompt: prompt, window: window).encoded(),
            patience: prompt.patience,
            gather: prompt.gather
        )
        guard response.status == 200 else { throw await refusal(response, model: prompt.model) }
        let stream = OllamaStream(body: response.body, model: "\(name)/\(prompt.model)", faults: faults)
        return ElementStream(next: { try await stream.next() }, close: { stream.close() })
    }

    private func ask(
        _ method: HTTPMethod,
        _ path: String,
        body: ByteBuffer?,
        about model: String
    ) async throws -> ByteBuffer {
        let response = try await send(method, path, body: body, patience: Self.questionLimit)
        guard response.status == 200 else { throw await refusal(response, model: model) }
        do {
            return try await response.body.collect(upTo: Self.answerLimit)
        } catch let error as HTTPClientError {
            throw faults.midStream(error)
        }
    }

    private func send(
        _ method: HTTPMethod,
        _ path: String,
        body: ByteBuffer?,
        patience: Duration,
        gather: Duration? = nil
    ) async throws -> HTTPClient.Response {
        do {
            return try await client.send(
                HTTPClient.Request(
                    method: method,
                    target: target,
                    path: root + path,
                    headers: ["content-type": "application/json", "accept": "application/x-ndjson, application/json"],
                    body: body,
                    headTimeout: patience,
                    readTimeout: path == "/api/chat" ? Self.silenceLimit : patience,
                    gather: gather
                )
            )
        } catch let error as HTTPClientError {
            throw faults.beforeAnswer(error, patience: patience)
        }
    }

    private func refusal(_ response: HTTPClient.Response, model: String) async -> Fault {
        var body = ByteBuffer()
        // The status says enough when the words behind it cannot be had.
        do { body = try await response.body.collect(upTo: 65_536) } catch { response.body.close() }
        return faults.status(response.status, headers: response.headers, body: body, model: model)
    }
}
