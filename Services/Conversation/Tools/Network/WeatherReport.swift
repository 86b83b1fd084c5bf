import JSON

/// The part `current` of open-meteo's forecast: names, values and units in the order of the response.
struct WeatherReport {
    /// Maximum number of values, and maximum length of each part of a line, in Unicode scalars.
    private static let valueLimit = 32
    private static let partLimit = 64

    private var values: [(name: String, value: String)] = []
    private var units: [String: String] = [:]

    var isEmpty: Bool { values.isEmpty }

    /// One line for each value, such as `temperature_2m: 5.3 °C`.
    var text: String {
        values.map { name, value in
            // `iso8601` is the format of a time and not a unit.
            guard let unit = units[name], !unit.isEmpty, unit != "iso8601" else { return "\(name): \(value)" }
            return "\(name): \(value) \(unit)"
        }
        .joined(separator: "\n")
    }

    /// Reads the whole response.
    mutating func read(_ json: inout JSONScanner) throws {
        try json.object { key, json in
            switch key {
            case "current": values = try Self.pairs(&json)
            case "current_units": units = Dictionary(try Self.pairs(&json)) { first, _ in first }
            default: try json.skip()
            }
        }
    }

    private static func pairs(_ json: inout JSONScanner) throws -> [(name: String, value: String)] {
        var pairs: [(name: String, value: String)] = []
        try json.objectOrSkip { key, json in
            let isNull = json.kind == .null
            guard let value = try json.stringOrScalar(), !isNull, let name = key.text, pairs.count < valueLimit else {
                return
            }
            pairs.append((ExternalText.line(name, limit: partLimit), ExternalText.line(value, limit: partLimit)))
        }
        return pairs
    }
}
