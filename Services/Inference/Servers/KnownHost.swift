import HTTP

/// The default quirks of public clouds by host: the one place that knows hosts.
///
/// They count only for `https` on port 443. Public clouds are outside our network, so they may fetch the addresses of
/// images.
struct KnownHost: Sendable {
    /// The host, or a suffix with a leading dot.
    let name: String
    let quirks: ServerQuirks

    /// The quirks of a target; those of an unknown server if it is not listed.
    static func quirks(of target: HTTPTarget) -> ServerQuirks {
        guard target.isSecure, target.port == 443 else { return ServerQuirks() }
        let host = target.host.lowercased()
        return all.first { host == $0.name || ($0.name.hasPrefix(".") && host.hasSuffix($0.name)) }?.quirks
            ?? ServerQuirks()
    }

    private init(_ name: String, _ change: (inout ServerQuirks) -> Void = { _ in }) {
        self.name = name
        var quirks = ServerQuirks()
        quirks.imageSchemes = ServerQuirks.webSchemes
        change(&quirks)
        self.quirks = quirks
    }

    private static func setOpenAI(_ quirks: inout ServerQuirks) {
        quirks.tokenLimit = .maxCompletionTokens
        quirks.acceptsDeveloperRole = true
        quirks.acceptsUnknownOptions = false
        quirks.sendsBase64Embeddings = true
        quirks.limitsToolNames = true
    }

    private static let all = [
        KnownHost("api.openai.com", setOpenAI), KnownHost(".api.openai.com", setOpenAI),
        KnownHost("generativelanguage.googleapis.com") { quirks in
            quirks.acceptsMetadata = true
            quirks.imageSchemes.insert("gs")
        },
        KnownHost("api.anthropic.com"), KnownHost("openrouter.ai"), KnownHost("api.deepseek.com"),
        KnownHost("api.together.xyz"),
        KnownHost("api.x.ai") { $0.acceptsUnknownOptions = false },
        KnownHost("api.groq.com") { $0.acceptsUnknownOptions = false },
        KnownHost("api.mistral.ai") { quirks in
            // It rejects members that it does not know, and sends the usage in any case.
            quirks.acceptsStreamOptions = false
            quirks.acceptsUnknownOptions = false
        },
    ]
}
