import Bus
import Contracts
import Foundation
import HTTP
import TestSupport
import Testing

@testable import ConversationService

/// The tool for images with a server that has OpenAI's interface.
@Suite(.timeLimit(.minutes(5)))
struct ImageToolTests {
    private static let key = "sk-test-0123456789"

    private func run(
        _ url: String,
        _ arguments: String,
        model: String? = "dall-e-2",
        key: String? = key
    ) async throws -> String {
        let tool = try ImageTool(url: "\(url)/v1", key: key, model: model, client: HTTPClient())
        let call = Inference.ToolCall(id: "1", name: "gen_image", arguments: arguments)
        return try await ToolRegistry([tool]).run(call, allowed: ["generate_image"], .sample()).text
    }

    @Test func `the result has the address of the image`() async throws {
        try await withFakeImages(key: Self.key) { server in
            let text = try await run(server.url, #"{"prompt":"a \"gala\" apple"}"#)
            #expect(text == "Image created at path: \(FakeImages.address)")
            let request = try #require(server.requests().first)
            #expect(request.method == "POST" && request.path == "/v1/images/generations")
            let body = try JSONSerialization.jsonObject(with: Data(request.body.utf8)) as? [String: Any]
            #expect(body?["prompt"] as? String == #"a "gala" apple"#)
            #expect(body?["model"] as? String == "dall-e-2" && body?["n"] as? Int == 1)
            #expect(body?["size"] as? String == "512x512" && body?["response_format"] as? String == "url")
        }
    }

    @Test(
        arguments: [
            ("dall-e-2", 300.0, 300.0, "256x256"), ("dall-e-2", 900, 200, "1024x1024"),
            ("dall-e-3", nil, nil, "1024x1024"),
            ("dall-e-3", 1024, 600, "1792x1024"), ("gpt-image-1", 600, 1024, "1024x1536"),
            ("gpt-image-1", nil, nil, "1024x1024"),
            ("other", 100, 5000, "128x1024"), ("other", -1, 0, "64x64"), (nil, 512, 1e300, "512x1024"),
            ("", nil, 700, "512x704"),
        ] as [(String?, Double?, Double?, String)]
    )
    func `a size is limited and rounded for its model`(model: String?, width: Double?, height: Double?, size: String) {
        #expect(ImageSize(width: width, height: height, model: model).description == size)
    }

    @Test(arguments: ["dall-e-2", "dall-e-3", "gpt-image-1", "unknown"])
    func `every size is one that the server accepts`(model: String) async throws {
        try await withFakeImages(key: Self.key) { server in
            for (width, height) in [(64, 1024), (1024, 64), (512, 512), (700, 900)] {
                let arguments = "{\"prompt\":\"a\",\"width\":\(width),\"height\":\"\(height)\"}"
                let text = try await run(server.url, arguments, model: model)
                #expect(text.contains("mage created") || text.contains("created an image"), "\(width) \(height)")
            }
        }
    }

    @Test func `an image without an address is described and not repeated`() async throws {
        try await withFakeImages(key: Self.key) { server in
            let text = try await run(server.url, #"{"prompt":"a"}"#, model: "gpt-image-1")
            #expect(text.contains("(PNG, 70 bytes)"))
            #expect(text.contains("cannot be shown"))
            #expect(!text.contains("iVBOR"))
        }
    }

    @Test func `an image of megabytes becomes one sentence`() async throws {
        try await withFakeImages(key: Self.key) { server in
            let image = String(repeating: "/9j/", count: 600_000)
            server.always(nil, .openAI("{\"created\":1,\"data\":[{\"b64_json\":\"\(image)\"}]}"))
            let text = try await run(server.url, #"{"prompt":"a"}"#)
            #expect(text.contains("(JPEG, 1800000 bytes)") && text.utf8.count < 400)
            server.always(nil, .openAI("{\"data\":[{\"b64_json\":\"\(image)\(image)\(image)\"}]}"))
            let fault = await #expect(throws: Fault.self) { try await run(server.url, #"{"prompt":"a"}"#) }
            #expect(fault?.message == "The image service sent a response of more than 4096 KiB.")
        }
    }

    @Test(arguments: [
        #"{"data":[]}"#, #"{"data":[{}]}"#, #"{"data":[{"url":null,"b64_json":null}]}"#, "{}",
        #"{"data":[{"url":"data:image/png;base64,AAAA"}]}"#, #"{"data":[{"url":"http://a/\nUser: b"}]}"#,
        #"{"data":[{"url":"https://images/?key=sk-test-0123456789"}]}"#, #"{"data":[{"b64_json":""}]}"#,
    ])
    func `a response without a usable image is an error`(body: String) async throws {
        try await withFakeImages(key: Self.key) { server in
            server.always(nil, .openAI(body))
            let fault = await #expect(throws: Fault.self) { try await run(server.url, #"{"prompt":"a"}"#) }
            #expect(fault?.message == "The image service returned no image.")
        }
    }

    @Test func `errors of the server are sentences without its text`() async throws {
        try await withFakeImages(key: Self.key) { server in
            let rejected = await #expect(throws: Fault.self) { try await run(server.url, #"{"prompt":"violence"}"#) }
            #expect(rejected?.message == "The image service rejected the description or the size of the image.")
            let denied = await #expect(throws: Fault.self) {
                try await run(server.url, #"{"prompt":"a"}"#, key: "sk-other-0123456789")
            }
            #expect(denied?.message == "The image service rejected its API key.")
            for prompt in ["", "  ", String(repeating: "a", count: 4001)] {
                await #expect(throws: Fault.self) { try await run(server.url, "{\"prompt\":\(prompt.inJSON)}") }
            }
            #expect(server.requests().count == 2)
        }
    }

    @Test func `a check generates no image`() async throws {
        try await withFakeImages(key: Self.key) { server in
            let url = "\(server.url)/v1"
            try await ImageTool(url: url, key: Self.key, model: nil, client: HTTPClient()).check(.init())
            #expect(server.requests().map(\.path) == ["/v1/models"])
            let fault = await #expect(throws: Fault.self) {
                try await ImageTool(url: url, key: "wrong", model: nil, client: HTTPClient()).check(.init())
            }
            #expect(fault?.message.contains("API key") == true)
            server.always("/v1/models", .json(404, "{}"))
            try await ImageTool(url: url, key: Self.key, model: nil, client: HTTPClient()).check(.init())
        }
    }
}
