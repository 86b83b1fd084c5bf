import Contracts
import Foundation
import HTTP
import NIOCore
import NIOHTTP1
import NIOPosix

/// Asks one provider over HTTP: knows where it is, with which credential, and how its errors are read.
struct ProviderClient: Sendable {
    /// The longest list of models or description of one that is read, in bytes.
    private static let answerLimit = 32 * 1024 * 1024
    /// The shortest credential that is a secret; shorter ones are words that a sentence may hold.
    private static let shortestSecret = 6
    /// How long a question about models may take.
    static let metadataTimeout = Duration.seconds(5)
    /// How long the words of an error are waited for.
    private static let errorBodyTimeout = Duration.seconds(2)
    /// The gaps between tokens are minded by whoever reads the stream; this only bounds them all.
    private static let silenceLimit = Duration.seconds(86_400)

    /// Where the provider is, without any credential.
    let address: String
    let faults: ProviderFaults
    private let target: HTTPTarget
    private let root: String
    private let headers: HTTPHeaders
    private let client: HTTPClient
    private let parseError: @Sendable (Int, HTTPHeaders, ByteBuffer) -> ProviderFaults.Refusal

    /// A provider at a URL, whose path comes before all others; throws when the URL cannot be read.
    ///
    /// `credential`: the headers that say who we are; they are sent there and nowhere else.
    ///
    /// `readRefusal`: what the dialect makes of an answer that is an error.
    init(
        name: String,
        url: String,
        setting: String,
        advice: String = "",
        adviceForMissing: String = "Choose another model.",
        credential: HTTPHeaders = [:],
        client: HTTPClient,
        parseError: @escaping @Sendable (Int, HTTPHeaders, ByteBuffer) -> ProviderFaults.Refusal
    ) throws {
        let (target, path) = try HTTPTarget.parse(url)
        self.target = target
        root = String(path.prefix { $0 != "?" && $0 != "#" }.reversed().drop { $0 == "/" }.reversed())
        address = "\(target.isSecure ? "https" : "http")://\(target.authority)\(root)"
        faults = ProviderFaults(
            name: name,
            address: address,
            setting: setting,
            advice: advice,
            adviceForMissing: adviceForMissing,
            secrets: credential.compactMap { $0.value.split(separator: " ").last.map(String.init) }
                .filter { $0.utf8.count >= Self.shortestSecret }
        )
        headers = credential
        self.client = client
        self.parseError = parseError
    }

    /// Asks something small and reads the whole answer.
    ///
    /// Throws a ``ProviderError``, or `CancellationError` when the caller leaves.
    func ask(
        _ method: HTTPMethod,
        _ path: String,
        body: ByteBuffer? = nil,
        about model: String = "",
        within limit: Duration = metadataTimeout
    ) async throws -> ByteBuffer {
        let response = try await send(method, path, body: body, responseTimeout: limit, idleTimeout: limit)
        guard response.status == 200 else { throw await refusal(response, model: model) }
        do {
            return try await Self.collect(response.body, upTo: Self.answerLimit, within: limit)
        } catch let error as HTTPClientError {
            throw faults.streamFailed(error)
        } catch is CancellationError where !Task.isCancelled {
            throw faults.late(limit)
        }
    }

    /// The whole of a body, which is left when its time is over, however it drips.
    private static func collect(
        _ body: HTTPClient.Body,
        upTo size: Int,
        within limit: Duration
    ) async throws -> ByteBuffer {
        let timer = MultiThreadedEventLoopGroup.singleton.any().scheduleTask(in: TimeAmount(limit)) { body.close() }
        defer { timer.cancel() }
        return try await body.collect(upTo: size)
    }

    /// Asks for an answer that is read as it comes; returns once the provider has said 200.
    func open(
        _ path: String,
        body: ByteBuffer,
        accept: String,
        for prompt: Prompt
    ) async throws -> HTTPClient.Response {
        let response = try await send(
            .POST,
            path,
            body: body,
            accept: accept,
            responseTimeout: prompt.responseTimeout,
            idleTimeout: Self.silenceLimit,
            gather: prompt.gather
        )
        guard response.status == 200 else { throw await refusal(response, model: prompt.model) }
        return response
    }

    /// The path, as the other methods want it, of a URL that the provider gave; `nil` when it is none.
    ///
    /// Whatever host the URL names, it is asked for where the provider is: nobody but the configuration says who gets
    /// our credential.
    func path(of url: String) -> String? {
        do {
            let path = try HTTPTarget.parse(url).path
            return !root.isEmpty && path.hasPrefix(root + "/") ? String(path.dropFirst(root.count)) : path
        } catch {
            return nil
        }
    }

    /// Sends a request; returns with the head of the answer, whatever its status.
    ///
    /// `extra`: headers of this request alone; without a type among them the body is JSON.
    func send(
        _ method: HTTPMethod,
        _ path: String,
        body: ByteBuffer?,
        extra: HTTPHeaders = [:],
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
        headers.add(name: "accept", value: accept)
        do {
            return try await client.send(
                HTTPClient.Request(
                    method: method,
                    target: target,
                    path: root + path,
                    headers: headers,
                    body: body,
                    headTimeout: responseTimeout,
                    readTimeout: idleTimeout,
                    gather: gather
                )
            )
        } catch let error as HTTPClientError {
            throw faults.requestFailed(error, responseTimeout: responseTimeout)
        }
    }

    /// What an answer says that is not 200.
    func refusal(_ response: HTTPClient.Response, model: String) async -> ProviderError {
        var body = ByteBuffer()
        // The status says enough when the words behind it cannot be had.
        do {
            body = try await Self.collect(response.body, upTo: 65_536, within: Self.errorBodyTimeout)
        } catch {
            response.body.close()
        }
        return faults.refused(parseError(response.status, response.headers, body), model: model)
    }
}
