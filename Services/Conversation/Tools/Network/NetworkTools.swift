import HTTP
import ServiceKit

/// The tools that use servers outside Parley, and the settings that switch them on.
///
/// | setting | type | default |
/// |---|---|---|
/// | `WEATHER_URL` | URL of an open-meteo server | off |
/// | `WEB_SEARCH_URL` | URL of a SearXNG server | off |
/// | `IMAGES_URL` | URL of a server with OpenAI's interface for images, including `/v1` | off |
/// | `IMAGES_API_KEY` | secret | none |
/// | `IMAGES_MODEL` | name of the model | the server's default |
struct NetworkTools: Sendable {
    /// The configured tools.
    let available: [any Tool]
    /// The tools that are not configured.
    let unavailable: [UnavailableTool]

    /// Throws `InvalidSetting` with a sentence that says which setting is wrong and what is allowed.
    init(settings: Settings, client: HTTPClient = HTTPClient()) throws {
        let weather = try Self.url(WeatherTool.setting, settings).map { try WeatherTool(url: $0, client: client) }
        let search = try Self.url(WebSearchTool.setting, settings).map { try WebSearchTool(url: $0, client: client) }
        let key = try Self.key("IMAGES_API_KEY", settings)
        let model = settings.string("IMAGES_MODEL")
        let image = try Self.url(ImageTool.setting, settings).map {
            try ImageTool(url: $0, key: key, model: model, client: client)
        }
        if image == nil, let unused = key != nil ? "IMAGES_API_KEY" : model.map({ _ in "IMAGES_MODEL" }) {
            throw InvalidSetting(
                "\(unused) is set without IMAGES_URL. Set IMAGES_URL to the address of the image service, or unset both."
            )
        }
        let tools: [(any NetworkTool)?] = [weather, search, image]
        let types: [any NetworkTool.Type] = [WeatherTool.self, WebSearchTool.self, ImageTool.self]
        available = tools.compactMap(\.self)
        unavailable = zip(types, tools).filter { $0.1 == nil }.map {
            UnavailableTool(declaration: $0.0.declaration, setting: $0.0.setting)
        }
    }

    /// A setting with one URL.
    private static func url(_ name: String, _ settings: Settings) throws -> String? {
        guard settings.string(name) != nil else { return nil }
        let urls = try settings.urls(name, default: "")
        guard urls.count == 1, let url = urls.first, !url.contains(where: { "?#".contains($0) }) else {
            throw InvalidSetting("\(name) must be one URL without a query, such as https://tools.example.com.")
        }
        return url
    }

    private static func key(_ name: String, _ settings: Settings) throws -> String? {
        guard let key = try settings.secret(name) else { return nil }
        guard key.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw InvalidSetting(
                "\(name) must be visible ASCII characters without spaces, because it is sent in a header."
            )
        }
        return key
    }
}

/// A tool that exists but is not configured.
struct UnavailableTool: Sendable {
    var declaration: ToolDeclaration
    /// The setting that switches the tool on.
    var setting: String
}
