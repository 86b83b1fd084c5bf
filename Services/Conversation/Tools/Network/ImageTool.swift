import Bus
import Contracts
import HTTP
import JSON
import NIOCore

/// `generate_image`: an image of a description, from a server with OpenAI's interface.
struct ImageTool: NetworkTool {
    static let setting = "IMAGES_URL"
    private static let endpoint = "/images/generations"
    /// Maximum length of a prompt, in Unicode scalars.
    private static let promptLimit = 4000

    static let declaration = ToolDeclaration(
        name: "generate_image",
        aliases: ["gen_image"],
        description: "Generates an image from a description, and returns the address of the image.",
        parameters: [
            .init(name: "prompt", type: .string, description: "A description of the image.", isRequired: true),
            .init(name: "width", type: .number, description: "Width in pixels, from 64 to 1024 (default: 512)."),
            .init(name: "height", type: .number, description: "Height in pixels, from 64 to 1024 (default: 512)."),
        ]
    )

    let service: RemoteService
    private let key: String?
    private let model: String?

    /// Creates the tool; `key` is sent to this server only.
    init(url: String, key: String?, model: String?, timeLimit: Duration = .seconds(120), client: HTTPClient) throws {
        service = try RemoteService(
            "The image service",
            url: url,
            setting: Self.setting,
            endpoint: Self.endpoint,
            byteLimit: 4 * 1024 * 1024,
            timeLimit: timeLimit,
            meanings: [
                400: "rejected the description or the size of the image", 401: "rejected its API key",
            ],
            credential: key,
            client: client
        )
        self.key = key
        self.model = model
    }

    func run(_ arguments: ToolArguments, _ use: ToolUse) async throws -> ToolResult {
        let prompt = arguments.text("prompt") ?? ""
        guard prompt.contains(where: { !$0.isWhitespace }) else { throw Fault(.invalid, "prompt is empty.") }
        guard prompt.unicodeScalars.count <= Self.promptLimit else {
            throw Fault(.invalid, "prompt has more than \(Self.promptLimit) characters.")
        }
        let size = ImageSize(width: arguments.number("width"), height: arguments.number("height"), model: model)
        let body = try await service.post(request(prompt, size), use.call)
        var image = GeneratedImage()
        try service.read(body) { json in try image.read(&json) }
        // An address with the key in it must not reach the model.
        if let key, image.address?.contains(key) == true { image.address = nil }
        guard let text = image.text else { throw Fault(.provider, "\(service.name) returned no image.") }
        return ToolResult(text: text)
    }

    /// Lists the models of the server: generating an image would cost money.
    func check(_ context: CallContext) async throws {
        do {
            _ = try await service.sibling("/models", of: Self.endpoint).get([:], context)
        } catch let fault as Fault where fault.code == .missing {
            // The server responds; it has no list of models.
        }
    }

    private func request(_ prompt: String, _ size: ImageSize) -> ByteBuffer {
        var json = JSONWriter()
        json.object { json in
            if let model { json.field("model", model) }
            json.field("prompt", prompt)
            json.field("n", 1)
            json.field("size", size.description)
            if size.acceptsResponseFormat { json.field("response_format", "url") }
        }
        return json.buffer
    }
}
