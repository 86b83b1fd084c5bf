import Bus
import Contracts
import HTTP
import NIOCore
import TestSupport
import Testing

@testable import InferenceService

/// Addresses of images are not given to servers that may be in our network.
@Suite(.timeLimit(.minutes(5))) struct ImageAddressTests {
    static let addresses = [
        "http://169.254.169.254/latest/meta-data/", "https://example.com/a.png", "HTTP://10.0.0.5/",
        "file:///etc/passwd",
        " http://10.0.0.5/", "//10.0.0.5/a.png", "gs://bucket/a.png", "http://127.0.0.1:8001/keys", "data", "",
    ]

    private func messages(_ url: String, _ role: Inference.Message.Role) -> [Inference.Message] {
        var part = Inference.Part(text: "?")
        part.image = Inference.Image(url: url)
        return [
            .init(role: .user, content: "Look."),
            .init(role: role, content: .parts([.init(text: "?"), .init(image: .init(url: url))]), toolCallID: "a"),
            .init(role: .user, content: .parts([part])),
        ]
    }

    @Test(arguments: addresses)
    func `a compatible server, Ollama and a proxy of Gemini receive no addresses`(_ url: String) async throws {
        try await withFakeOpenAI { openAI in
            try await withFakeOllama { ollama in
                try await withFakeGemini { gemini in
                    let settings = [
                        "OPENAI_BASE_URL": openAI.url + "/v1", "OLLAMA_BASE_URL": ollama.url,
                        "GEMINI_BASE_URL": gemini.url,
                        "GEMINI_API_KEY": "a-key",
                    ]
                    try await withInference(settings) { bus in
                        for model in ["openai/gpt-4o-mini", "ollama/llava", "gemini/gemini-2.5-flash"] {
                            for role in [Inference.Message.Role.user, .tool] {
                                let request = Inference.Generate(model: model, messages: messages(url, role))
                                let fault = try await bus.outcome(request).fault
                                #expect(fault?.code == .invalid, "\(model)")
                                #expect(fault?.message.contains("data:") == true, "\(model)")
                            }
                        }
                    }
                    #expect(openAI.requests("/v1/chat/completions").isEmpty)
                    #expect(ollama.requests("/api/chat").isEmpty)
                    #expect(gemini.requests().allSatisfy { !$0.path.contains("streamGenerateContent") })
                }
            }
        }
    }

    @Test func `a server receives no address in place of a recording`() async throws {
        try await withFakeOpenAI { openAI in
            try await withInference(["OPENAI_BASE_URL": openAI.url + "/v1"]) { bus in
                let part = Inference.Part(audio: Inference.Audio(data: "http://169.254.169.254/a.wav", format: "wav"))
                let message = Inference.Message(role: .user, content: .parts([part]))
                let request = Inference.Generate(model: "openai/gpt-4o-mini", messages: [message])
                let fault = try await bus.outcome(request).fault
                #expect(fault?.code == .invalid)
            }
            #expect(openAI.requests("/v1/chat/completions").isEmpty)
        }
    }

    @Test(arguments: [
        ("https://api.openai.com/v1", true, false), ("https://eu.api.openai.com/v1", true, false),
        ("https://API.OpenAI.com/v1", true, false), ("http://api.openai.com/v1", false, false),
        ("https://api.openai.com:8443/v1", false, false), ("https://evilopenai.com/v1", false, false),
        ("https://api.openai.com.evil.example/v1", false, false), ("http://127.0.0.1:8000/v1", false, false),
        ("https://generativelanguage.googleapis.com/v1beta/openai", false, true),
        ("https://evil-generativelanguage.googleapis.com", false, false), ("http://openai.com.internal", false, false),
    ])
    func `public clouds are recognised by their base URL`(_ url: String, _ isOpenAI: Bool, _ isGoogle: Bool) throws {
        let target = try HTTPTarget.parse(url).target
        let quirks = KnownHost.quirks(of: target)
        #expect((quirks.tokenLimit == .maxCompletionTokens) == isOpenAI)
        #expect(quirks.acceptsMetadata == isGoogle)
        #expect(quirks.imageSchemes.isEmpty == (!isOpenAI && !isGoogle))
    }

    @Test func `public clouds receive addresses`() throws {
        let (openAI, google) = ("https://api.openai.com/v1", "https://generativelanguage.googleapis.com/v1beta/openai")
        for (server, url) in [
            (openAI, "https://example.com/a.png"), (google, "https://example.com/a.png"), (google, "gs://bucket/a.png"),
        ] {
            let quirks = KnownHost.quirks(of: try HTTPTarget.parse(server).target)
            var prompt = Prompt(model: "m", messages: ByteBuffer())
            prompt.parsedMessages = messages(url, .user)
            let body = try OpenAIChatRequest(prompt: prompt, quirks: quirks, serverName: "x").encoded()
            #expect(String(buffer: body).contains(url))
        }
    }

    @Test(arguments: ["file:///etc/passwd", "gs://bucket/a.png", " https://example.com/a.png", "ftp://example.com/a"])
    func `public clouds receive no other schemes`(_ url: String) throws {
        var prompt = Prompt(model: "m", messages: ByteBuffer())
        prompt.parsedMessages = messages(url, .user)
        let quirks = KnownHost.quirks(of: HTTPTarget(isSecure: true, host: "api.openai.com", port: 443))
        #expect(throws: ProviderError.self) {
            try OpenAIChatRequest(prompt: prompt, quirks: quirks, serverName: "x").encoded()
        }
    }
}
