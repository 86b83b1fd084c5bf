import Contracts
import Foundation
import TestSupport
import Testing

@testable import InferenceService

/// Uploads of files that are too large for a request.
@Suite(.timeLimit(.minutes(5))) struct GeminiFilesTests {
    private static let path = "/v1beta/models/gemini-2.5-flash:streamGenerateContent"
    private static let large = Data(repeating: 7, count: 9000)
    private static let small = Data(repeating: 8, count: 90)

    /// A message with a large image, a small one and the large one again.
    private func question(type: String = "image/png") -> Inference.Generate {
        let images = [Self.large, Self.small, Self.large].map { data in
            Inference.Part(image: .init(url: "data:\(type);base64,\(data.base64EncodedString())"))
        }
        var request = geminiQuestion()
        request.messages[0].content = .parts([.init(text: "What is this?")] + images)
        return request
    }

    private func outcome(
        _ gemini: FakeServer,
        _ request: Inference.Generate? = nil,
        base: String = "",
        limits: GenerationTimeouts = GenerationTimeouts()
    ) async throws -> GeminiOutcome {
        try await geminiRouting(to: gemini.url + base, inlineLimit: 1000, limits: limits).routing.geminiOutcome(
            request ?? question()
        )
    }

    @Test func `the largest files are uploaded once until the rest fits`() async throws {
        try await withFakeGemini { gemini in
            let outcome = try await outcome(gemini)
            #expect(outcome.text == "Hello from the fake.")
            let uploads = gemini.requests("/upload/v1beta/files")
            #expect(uploads.map { $0.headers["x-goog-upload-command"] } == ["start", "upload, finalize"])
            #expect(uploads[0].headers["x-goog-upload-header-content-type"] == "image/png")
            #expect(uploads[0].headers["x-goog-upload-header-content-length"] == "9000")
            #expect(uploads[0].headers["content-type"] == "application/json")
            #expect(uploads[1].bytes == Array(Self.large))
            // The file was polled until it was ready.
            #expect(gemini.requests().count { $0.path.hasPrefix("/v1beta/files/") } == 2)
            let body = try #require(gemini.requests(Self.path).first?.body)
            let file = "{\"fileData\":{\"mimeType\":\"image/png\",\"fileUri\":\"\(gemini.url)/v1beta/files/"
            #expect(body.components(separatedBy: file).count == 3)
            #expect(
                body.contains(
                    "{\"inlineData\":{\"mimeType\":\"image/png\",\"data\":\"\(Self.small.base64EncodedString())"
                )
            )
        }
    }

    @Test func `files that fit are sent inline`() async throws {
        try await withFakeGemini { gemini in
            let outcome = try await geminiRouting(to: gemini.url).routing.geminiOutcome(question())
            #expect(outcome.finish != nil)
            #expect(gemini.requests("/upload/v1beta/files").isEmpty)
        }
    }

    @Test func `a file that Gemini cannot process is reported`() async throws {
        try await withFakeGemini { gemini in
            let fault = try await outcome(gemini, question(type: "image/heif")).fault
            #expect(fault?.code == .rejected)
            #expect(fault?.message == "Gemini cannot use an attached file (image/heif): The file could not be decoded.")
            #expect(gemini.requests(Self.path).isEmpty)
        }
    }

    @Test func `files are uploaded to the configured server only`() async throws {
        try await withFakeGemini { gemini in
            gemini.next(
                "/upload/v1beta/files",
                .json(200, "", headers: ["X-Goog-Upload-URL: https://evil.example/upload/v1beta/files?upload_id=x"]),
                .json(200, #"{"file":{"name":"files/a","uri":"u","state":"ACTIVE"}}"#)
            )
            _ = try await outcome(gemini)
            let upload = try #require(gemini.requests("/upload/v1beta/files").last)
            #expect(upload.query == "upload_id=x")
            #expect(gemini.requests(Self.path).first?.body.contains(#""fileUri":"u""#) == true)
        }
    }

    @Test(arguments: [
        (FakeResponse.json(200, ""), Fault.Code.provider),
        (.json(200, "", headers: ["X-Goog-Upload-URL: not a url"]), .provider),
        (.json(200, "", headers: ["X-Goog-Upload-URL: http://x/upload/v1beta/files?upload_id=none"]), .rejected),
        (.geminiError(403, "PERMISSION_DENIED", "No."), .upstreamAuth),
        (.geminiError(503, "UNAVAILABLE", "x"), .unavailable),
        (.geminiError(400, "INVALID_ARGUMENT", "Unsupported MIME type: image/png"), .rejected),
        (FakeResponse.json(200, "").cut(after: 20), .cut), (.raw("garbage"), .provider),
    ])
    func `an upload that does not start is an error`(_ answer: FakeResponse, _ code: Fault.Code) async throws {
        try await withFakeGemini { gemini in
            gemini.next("/upload/v1beta/files", answer)
            let outcome = try await outcome(gemini)
            #expect(outcome.fault?.code == code)
            #expect(outcome.fault?.message.hasSuffix(".") == true)
        }
    }

    @Test(arguments: [
        "{}", "not json", #"{"file":{"name":"files/a","state":"ACTIVE"}}"#,
        #"{"file":{"name":"../models","uri":"u","state":"PROCESSING"}}"#,
        #"{"file":{"name":"files/a b","uri":"u","state":"PROCESSING"}}"#,
    ])
    func `an invalid description of a file is an error`(_ description: String) async throws {
        try await withFakeGemini { gemini in
            let start = FakeResponse.json(
                200,
                "",
                headers: ["X-Goog-Upload-URL: http://x/upload/v1beta/files?upload_id=x"]
            )
            gemini.next("/upload/v1beta/files", start, .json(200, description))
            let outcome = try await outcome(gemini)
            #expect(outcome.fault?.code == .provider)
        }
    }

    @Test func `a file that is never processed times out`() async throws {
        try await withFakeGemini { gemini in
            let file = #"{"name":"files/a","uri":"u","state":"PROCESSING"}"#
            let start = FakeResponse.json(
                200,
                "",
                headers: ["X-Goog-Upload-URL: http://x/upload/v1beta/files?upload_id=x"]
            )
            gemini.next("/upload/v1beta/files", start, .json(200, "{\"file\":\(file)}"))
            gemini.always("/v1beta/files/a", .json(200, file))
            let outcome = try await outcome(gemini, limits: GenerationTimeouts(firstToken: .milliseconds(400)))
            #expect(outcome.fault?.code == .timeout)
            #expect(gemini.requests(Self.path).isEmpty)
        }
    }
}
