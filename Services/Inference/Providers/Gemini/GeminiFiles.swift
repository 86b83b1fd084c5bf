import Contracts
import Foundation
import HTTP
import NIOCore
import NIOFoundationCompat
import NIOHTTP1

/// Uploads files that are too large for a request, with the resumable protocol of Gemini's Files API.
///
/// Gemini deletes a file after two days.
struct GeminiFiles: Sendable {
    /// The pauses between polls of a file that is being processed; each one doubles.
    private static let firstPause = Duration.milliseconds(100)
    private static let longestPause = Duration.seconds(2)
    private static let answerLimit = 65_536

    /// Gemini's description of a file.
    private struct File: Decodable {
        var name: String
        var uri: String?
        var state: String?
        var error: Reason?

        struct Reason: Decodable {
            var message: String?
        }
    }

    private struct Uploaded: Decodable {
        var file: File
    }

    let client: ProviderClient
    let version: GeminiVersion

    /// Uploads a file, waits until Gemini has processed it, and returns its URI.
    ///
    /// Throws a ``ProviderError``, or `CancellationError` if the task is cancelled.
    func upload(_ bytes: ByteBuffer, type: String, until deadline: ContinuousClock.Instant) async throws -> String {
        let path = try await begin(size: bytes.readableBytes, type: type, until: deadline)
        let response = try await client.send(
            .POST,
            path,
            body: bytes,
            extra: [
                "content-type": "application/octet-stream", "x-goog-upload-offset": "0",
                "x-goog-upload-command": "upload, finalize",
            ],
            responseTimeout: try left(until: deadline),
            idleTimeout: try left(until: deadline)
        )
        let file = try decode(Uploaded.self, from: try await answer(response)).file
        return try await ready(file, type: type, until: deadline)
    }

    /// Starts an upload; returns the path for the data.
    private func begin(size: Int, type: String, until deadline: ContinuousClock.Instant) async throws -> String {
        let response = try await client.send(
            .POST,
            "/upload/\(version.rawValue)/files",
            body: ByteBuffer(string: #"{"file":{"displayName":"attachment"}}"#),
            extra: [
                "x-goog-upload-protocol": "resumable", "x-goog-upload-command": "start",
                "x-goog-upload-header-content-length": String(size), "x-goog-upload-header-content-type": type,
            ],
            responseTimeout: try left(until: deadline),
            idleTimeout: try left(until: deadline)
        )
        _ = try await answer(response)
        guard let url = response.headers.first(name: "x-goog-upload-url"), let path = client.path(of: url) else {
            throw client.faults.invalidResponse("no address to which a file could be uploaded")
        }
        return path
    }

    private func ready(_ file: File, type: String, until deadline: ContinuousClock.Instant) async throws -> String {
        var file = file
        var pause = Self.firstPause
        while true {
            switch file.state {
            case "ACTIVE", nil:
                guard let uri = file.uri, !uri.isEmpty else {
                    throw client.faults.invalidResponse("a file without a URI")
                }
                return uri
            case "PROCESSING", "STATE_UNSPECIFIED":
                try await Task.sleep(for: min(pause, try left(until: deadline)))
                pause = min(pause * 2, Self.longestPause)
                file = try await look(at: file.name, until: deadline)
            default:
                let why = file.error?.message.map(client.faults.publicText) ?? "It gave no reason."
                let fault = Fault(.rejected, "\(client.faults.name) cannot use an attached file (\(type)): \(why)")
                throw ProviderError(.unsupported, fault)
            }
        }
    }

    private func look(at name: String, until deadline: ContinuousClock.Instant) async throws -> File {
        // The name becomes part of a path, so it is validated.
        guard name.hasPrefix("files/"), name.count <= 100,
            name.dropFirst(6).utf8.allSatisfy({ $0 == UInt8(ascii: "-") || Self.isLetter($0) })
        else { throw client.faults.invalidResponse("a file with an invalid name") }
        let limit = min(ProviderClient.metadataTimeout, try left(until: deadline))
        let answer = try await client.fetch(.GET, "/\(version.rawValue)/\(name)", within: limit)
        return try decode(File.self, from: answer)
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
    }

    private func answer(_ response: HTTPClient.Response) async throws -> ByteBuffer {
        guard response.status == 200 else { throw await client.error(for: response, model: "for files") }
        do {
            return try await response.body.collect(upTo: Self.answerLimit)
        } catch let error as HTTPClientError {
            throw client.faults.streamFailed(error)
        }
    }

    private func decode<Value: Decodable>(_ type: Value.Type, from bytes: ByteBuffer) throws -> Value {
        do {
            return try JSONDecoder().decode(type, from: bytes)
        } catch {
            throw client.faults.invalidResponse("an invalid description of a file")
        }
    }

    private func left(until deadline: ContinuousClock.Instant) throws -> Duration {
        let left = deadline - .now
        guard left > .zero else {
            let fault = Fault(
                .timeout,
                "\(client.faults.name) did not accept the attached files in time. Send smaller ones, or set "
                    + "FIRST_TOKEN_TIMEOUT higher."
            )
            throw ProviderError(.unsupported, fault)
        }
        return left
    }
}
