import Contracts
import Foundation
import HTTP
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix

/// An HTTP client for one provider: adds its base URL and its credential, and converts errors.
struct ProviderClient: Sendable {
    /// Maximum size of a response that is read as a whole, in bytes.
    private static let answerLimit = 32 * 1024 * 1024
    /// Maximum size of a compressed response after decompression, in bytes; streams have smaller limits for each event.
    private static let decodedLimit = 512 * 1024 * 1024
    /// Credentials of at least this length are redacted; shorter ones may be ordinary words.
    private static let shortestSecret = 6
    /// Timeout of requests about models.
    static let metadataTimeout = Duration.seconds(5)
    /// Timeout for the body of an error response.
    private static let errorBodyTimeout = Duration.seconds(2)
    /// An upper bound for pauses in a stream; ``Generation`` enforces shorter timeouts.
    private static let silenceLimit = Duration.seconds(86_400)

    /// The base URL without credentials.
    let address: String
    let faults: ProviderFaults
    private let target: HTTPTarget
    private let root: String
    /// Further parameters of every query, encoded.
    private let query: String
    /// The headers of every request, without those of the key.
    private let headers: HTTPHeaders
    private let keys: KeyRing
    /// The only key that requests use; `nil` for all.
    private(set) var pinnedKey: Int?
    private let client: HTTPClient
    private let parseError: @Sendable (Int, HTTPHeaders, ByteBuffer) -> ErrorReport

    /// Creates a client for a server; throws for an invalid URL.
    ///
    /// `headers` are further headers of every request, which are no secrets.
    ///
    /// `parseError` reads the body of an error response.
    init(
        server: ServerConfiguration,
        headers other: HTTPHeaders = [:],
        advice: String = "",
        adviceForMissing: String = "Choose another model.",
        usualPath: String? = nil,
        client: HTTPClient,
        parseError: @escaping @Sendable (Int, HTTPHeaders, ByteBuffer) -> ErrorReport
    ) throws {
        let (target, path) = try HTTPTarget.parse(server.url)
        self.target = target
        root = String(path.prefix { $0 != "?" && $0 != "#" }.reversed().drop { $0 == "/" }.reversed())
        query = server.query.map { "\(PathEncoding.segment($0.name))=\(PathEncoding.segment($0.value))" }
            .joined(separator: "&")
        address = "\(target.isSecure ? "https" : "http")://\(target.authority)\(root)"
        let secrets =
            server.keys + server.headers.flatMap { [$0.value] + $0.value.split(separator: " ").map(String.init) }
        faults = ProviderFaults(
            name: server.label,
            address: address,
            setting: server.setting,
            advice: advice,
            adviceForMissing: adviceForMissing,
            usualPath: usualPath,
            secrets: secrets.filter { $0.utf8.count >= Self.shortestSecret }
        )
        var headers = server.headers
        headers.add(contentsOf: other)
        self.headers = headers
        keys = KeyRing(server)
        self.client = client
        self.parseError = parseError
    }

    /// Sends a request and returns the whole body of the response.
    ///
    /// Throws a ``ProviderError``, or `CancellationError` if the task is cancelled.
    func fetch(
        _ method: HTTPMethod,
        _ path: String,
        body: ByteBuffer? = nil,
        about model: String = "",
        within limit: Duration = metadataTimeout
    ) async throws -> ByteBuffer {
        let response = try await send(
            method,
            path,
            body: body,
            about: model,
            responseTimeout: limit,
            idleTimeout: limit
        )
        guard response.status == 200 else { throw await error(for: response, model: model) }
        do {
            let body = try await Self.collect(response.body, upTo: Self.answerLimit, within: limit)
            guard body.readableBytesView.first(where: { $0 > 0x20 }) != UInt8(ascii: "<") else {
                throw faults.noInterface
            }
            return body
        } catch let error as HTTPClientError {
            throw faults.streamFailed(error)
        } catch is CancellationError where !Task.isCancelled {
            throw faults.firstTokenTimedOut(limit)
        }
    }

    /// Reads a whole body within a time limit, however slowly it arrives.
    private static func collect(
        _ body: HTTPClient.Body,
        upTo size: Int,
        within limit: Duration
    ) async throws -> ByteBuffer {
        let timer = MultiThreadedEventLoopGroup.singleton.any().scheduleTask(in: TimeAmount(limit)) { body.close() }
        defer { timer.cancel() }
        return try await body.collect(upTo: size)
    }

    /// Sends a request for a stream; returns when the response has status 200.
    func openStream(
        _ path: String,
        body: ByteBuffer,
        accept: String,
        for prompt: Prompt
    ) async throws -> HTTPClient.Response {
        let response = try await send(
            .POST,
            path,
            body: body,
            about: prompt.model,
            accept: accept,
            responseTimeout: prompt.responseTimeout,
            idleTimeout: Self.silenceLimit,
            gather: prompt.gather
        )
        guard response.status == 200 else { throw await error(for: response, model: prompt.model) }
        return response
    }

    /// The path, relative to the base URL, of a URL that the provider returned; `nil` for an invalid URL.
    ///
    /// The host of the URL is ignored: only the configuration decides which server receives the credential.
    func path(of url: String) -> String? {
        do {
            let path = try HTTPTarget.parse(url).path
            return !root.isEmpty && path.hasPrefix(root + "/") ? String(path.dropFirst(root.count)) : path
        } catch {
            return nil
        }
    }

    /// The path of a request, with the parameters that every request has.
    private func requestPath(_ path: String) -> String {
        query.isEmpty ? root + path : root + path + (path.contains("?") ? "&" : "?") + query
    }

    /// A client whose requests all use one key, for what belongs to a key, such as uploaded files.
    func pinned() -> ProviderClient {
        var client = self
        client.pinnedKey = pinnedKey ?? keys.next()
        return client
    }

    /// Sends a request; returns when the head of the response is received, with any status.
    ///
    /// `extra` contains further headers; the default content type is JSON.
    ///
    /// If the server refuses or limits a key of several, the request is sent with the next one; the error of the last key
    /// is thrown.
    func send(
        _ method: HTTPMethod,
        _ path: String,
        body: ByteBuffer?,
        extra: HTTPHeaders = [:],
        about model: String = "",
        accept: String = "application/json",
        responseTimeout: Duration,
        idleTimeout: Duration,
        gather: Duration? = nil
    ) async throws -> HTTPClient.Response {
        var headers = headers
        headers.add(contentsOf: extra)
        if body != nil, !headers.contains(name: "content-type") {
            headers.add(name: "content-type", value: "application/json")
        }
        headers.replaceOrAdd(name: "accept", value: accept)
        headers.replaceOrAdd(name: "accept-encoding", value: "identity")
        var request = HTTPClient.Request(
            method: method,
            target: target,
            path: requestPath(path),
            headers: headers,
            body: body,
            headTimeout: responseTimeout,
            readTimeout: idleTimeout,
            gather: gather
        )
        var tried: Set<Int> = []
        var failure: ProviderError?
        while let key = pinnedKey ?? keys.next(excluding: tried) {
            request.headers = headers
            request.headers.add(contentsOf: keys.headers(of: key))
            let response = try await send(request)
            guard keys.hasSeveral else { return response }
            guard response.status >= 400 else {
                _ = keys.record(nil, of: key)
                return response
            }
            let error = await error(for: response, model: model)
            guard keys.record(error, of: key), pinnedKey == nil else { throw error }
            Logger.current.notice(
                "Set an API key aside",
                metadata: error.metadata.merging(["key.number": "\(key + 1)"]) { $1 }
            )
            tried.insert(key)
            failure = error
        }
        throw failure ?? faults.firstTokenTimedOut(responseTimeout)
    }

    private func send(_ request: HTTPClient.Request) async throws -> HTTPClient.Response {
        do {
            return try await client.send(request).decodingContent(upTo: Self.decodedLimit)
        } catch let error as HTTPClientError {
            throw faults.requestFailed(error, responseTimeout: request.headTimeout)
        }
    }

    /// Reads an error response.
    func error(for response: HTTPClient.Response, model: String) async -> ProviderError {
        var body = ByteBuffer()
        var reason: String?
        // Without the body the status alone determines the error.
        do {
            body = try await Self.collect(response.body, upTo: 65_536, within: Self.errorBodyTimeout)
        } catch let error as HTTPClientError where error.kind == .encoding {
            reason = "Its message cannot be read. " + error.message
        } catch {
            response.body.close()
        }
        var report = parseError(response.status, response.headers, body)
        report.message = report.message ?? reason
        return faults.reported(report, model: model)
    }
}
