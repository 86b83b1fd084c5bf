import Bus
import Contracts
import HTTP

/// `get_weather`: the current weather at a place, from a server with open-meteo's interface.
struct WeatherTool: NetworkTool {
    static let setting = "WEATHER_URL"
    private static let endpoint = "/v1/forecast"
    /// The requested values, in the order of the result.
    private static let variables = [
        "temperature_2m", "apparent_temperature", "relative_humidity_2m", "precipitation", "cloud_cover",
        "wind_speed_10m",
    ]

    /// The types of latitude and longitude are those of seed 002; numbers are accepted as well.
    static let declaration = ToolDeclaration(
        name: "get_weather",
        description: "Gets the current weather at a place: temperature, humidity, precipitation, clouds and wind.",
        parameters: [
            .init(
                name: "latitude",
                type: .string,
                description: "Latitude of the place in degrees, from -90 to 90, such as 52.52.",
                isRequired: true
            ),
            .init(
                name: "longitude",
                type: .string,
                description: "Longitude of the place in degrees, from -180 to 180, such as 13.41.",
                isRequired: true
            ),
        ]
    )

    let service: RemoteService

    init(url: String, timeLimit: Duration = .seconds(10), client: HTTPClient) throws {
        service = try RemoteService(
            "The weather service",
            url: url,
            setting: Self.setting,
            endpoint: Self.endpoint,
            byteLimit: 1024 * 1024,
            timeLimit: timeLimit,
            client: client
        )
    }

    func run(_ arguments: ToolArguments, _ use: ToolUse) async throws -> ToolResult {
        guard let latitude = try Self.degrees("latitude", 90, arguments),
            let longitude = try Self.degrees("longitude", 180, arguments)
        else { return .invalidCall }
        return ToolResult(text: try await report(latitude, longitude, use.call).text)
    }

    func check(_ context: CallContext) async throws {
        _ = try await report("52.52", "13.41", context)
    }

    private func report(_ latitude: String, _ longitude: String, _ context: CallContext) async throws -> WeatherReport {
        let body = try await service.get(
            ["latitude": latitude, "longitude": longitude, "current": Self.variables.joined(separator: ",")],
            context
        )
        var report = WeatherReport()
        try service.read(body) { json in try report.read(&json) }
        guard !report.isEmpty else { throw Fault(.provider, "\(service.name) has no current weather for this place.") }
        return report
    }

    /// The argument with four decimal places, about 10 meters; `nil` if it is not a number.
    private static func degrees(_ name: String, _ limit: Int, _ arguments: ToolArguments) throws -> String? {
        guard let degrees = arguments.text(name).flatMap(ToolArguments.decimal) else { return nil }
        guard abs(degrees) <= Double(limit) else {
            throw Fault(.invalid, "\(name) is \(degrees); it must be from -\(limit) to \(limit).")
        }
        return "\((degrees * 10_000).rounded() / 10_000)"
    }
}
