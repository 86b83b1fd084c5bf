import HTTP

/// Public clouds are recognised by the configured base URL. They are outside our network, so they may be given the
/// addresses of images: a server that fetches such an address inside our network could reach what the caller cannot.
extension HTTPTarget {
    /// Whether this is OpenAI's own server.
    var isOpenAI: Bool { isOfficial && (name == "api.openai.com" || name.hasSuffix(".api.openai.com")) }

    /// Whether this is the server of Google's Gemini API.
    var isGoogle: Bool { isOfficial && name == "generativelanguage.googleapis.com" }

    private var isOfficial: Bool { isSecure && port == 443 }
    private var name: String { host.lowercased() }
}
