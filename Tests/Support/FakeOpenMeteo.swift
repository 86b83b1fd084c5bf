import Foundation

/// Runs `body` with a fake open-meteo on a free port, whose weather depends on the place.
package func withFakeOpenMeteo<Result>(_ body: (FakeServer) async throws -> Result) async throws -> Result {
    try await withFakeServer(
        mainPath: "/v1/forecast",
        scripts: ["/v1/forecast": { FakeOpenMeteo.forecast($0) }],
        body
    )
}

/// The responses of open-meteo, byte for byte.
package enum FakeOpenMeteo {
    private static let units = [
        "temperature_2m": "°C", "apparent_temperature": "°C", "relative_humidity_2m": "%", "precipitation": "mm",
        "cloud_cover": "%", "wind_speed_10m": "km/h",
    ]
    private static let values = [
        "temperature_2m": "5.3", "apparent_temperature": "2.1", "relative_humidity_2m": "81", "precipitation": "0.00",
        "cloud_cover": "100", "wind_speed_10m": "8.7",
    ]

    /// `GET /v1/forecast?latitude=…&longitude=…&current=…`.
    static func forecast(_ request: FakeRequest) -> FakeResponse {
        let query = request.queryItems
        guard let latitude = query["latitude"].flatMap(Double.init),
            let longitude = query["longitude"].flatMap(Double.init)
        else { return error("Parameter 'latitude' and 'longitude' must have the same number of elements") }
        guard abs(latitude) <= 90 else { return error("Latitude must be in range of -90 to 90°. Given: \(latitude).") }
        guard abs(longitude) <= 180 else {
            return error("Longitude must be in range of -180 to 180°. Given: \(longitude).")
        }
        let variables = (query["current"] ?? "").split(separator: ",").map(String.init)
        for variable in variables where units[variable] == nil {
            return error(
                "Data corrupted at path ''. Cannot initialize SurfacePressureAndHeightVariable<VariableAndPreviousDay, "
                    + "ForecastPressureVariable, ForecastHeightVariable> from invalid String value \(variable)."
            )
        }
        // The nearest point of the grid.
        return response(variables, latitude: latitude, longitude: longitude + 0.009998)
    }

    private static func response(_ variables: [String], latitude: Double, longitude: Double) -> FakeResponse {
        let units = variables.map { "\"\($0)\":\"\(Self.units[$0] ?? "")\"" }.joined(separator: ",")
        let values = variables.map { "\"\($0)\":\(Self.values[$0] ?? "null")" }.joined(separator: ",")
        let body =
            "{\"latitude\":\(latitude),\"longitude\":\(longitude),\"generationtime_ms\":0.0394582748413086,"
            + "\"utc_offset_seconds\":0,\"timezone\":\"GMT\",\"timezone_abbreviation\":\"GMT\",\"elevation\":38.0,"
            + "\"current_units\":{\"time\":\"iso8601\",\"interval\":\"seconds\",\(units)},"
            + "\"current\":{\"time\":\"2026-11-29T12:45\",\"interval\":900,\(values)}}"
        let head =
            "HTTP/1.1 200 OK\r\nDate: Sun, 29 Nov 2026 12:51:07 GMT\r\n"
            + "Content-Type: application/json; charset=utf-8\r\nTransfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n"
        return FakeResponse(head: head, body: "\(String(body.utf8.count, radix: 16))\r\n\(body)\r\n0\r\n\r\n".utf8)
    }

    private static func error(_ reason: String) -> FakeResponse {
        .json(400, "{\"error\":true,\"reason\":\(reason.inJSON)}")
    }
}

extension FakeRequest {
    /// The decoded names and values of the query; the last of equal names counts.
    package var queryItems: [String: String] {
        let pairs = query.split(separator: "&").map { pair in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (String(parts[0]), (parts.count > 1 ? String(parts[1]) : "").removingPercentEncoding ?? "")
        }
        return Dictionary(pairs) { $1 }
    }
}
