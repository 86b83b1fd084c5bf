import ServiceKit

/// The configuration of Gemini.
struct GeminiConfiguration: Sendable {
    /// The base URL, without the version.
    var url: String
    /// The API key; optional, because a proxy may have its own.
    var key: String?
    var version: GeminiVersion

    /// Returns `nil` if neither a key nor a base URL is set.
    ///
    /// Throws a `InvalidSetting` that names the invalid value.
    static func read(_ settings: Settings) throws -> GeminiConfiguration? {
        let server = GeminiConfiguration(
            url: try InferenceConfiguration.url(
                "GEMINI_BASE_URL",
                default: "https://generativelanguage.googleapis.com",
                settings
            ),
            key: try settings.secret("GEMINI_API_KEY"),
            version: try settings.choice("GEMINI_API_VERSION", default: .v1beta)
        )
        return server.key == nil && settings.string("GEMINI_BASE_URL") == nil ? nil : server
    }
}
