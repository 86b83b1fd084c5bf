import ServiceKit

/// Gemini, as it was set up.
struct GeminiConfiguration: Sendable {
    /// Without the version that comes behind it.
    var url: String
    /// Its key; a server in between may have its own.
    var key: String?
    var version: GeminiVersion

    /// Gemini when it has a key or an address, else nothing: nobody is asked who was not set up.
    ///
    /// Throws a `InvalidSetting` that says which value is wrong.
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
