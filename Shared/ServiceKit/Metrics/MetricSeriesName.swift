/// The name of a series and its labels, escaped for Prometheus.
struct MetricSeriesName: Hashable, Comparable {
    let name: String
    /// `a="1",b="2"`, sorted; empty without labels.
    let labels: String

    init(label: String, dimensions: [(String, String)]) {
        name = Self.sanitize(label)
        labels = dimensions.sorted { $0.0 < $1.0 }
            .map { "\(Self.sanitize($0.0))=\"\(Self.escape($0.1))\"" }
            .joined(separator: ",")
    }

    /// Returns the labels in braces, with an additional one if given.
    func labelSet(_ more: String? = nil) -> String {
        let all = [labels, more ?? ""].filter { !$0.isEmpty }.joined(separator: ",")
        return all.isEmpty ? "" : "{\(all)}"
    }

    static func < (left: MetricSeriesName, right: MetricSeriesName) -> Bool {
        (left.name, left.labels) < (right.name, right.labels)
    }

    private static func sanitize(_ text: String) -> String {
        let letters = text.unicodeScalars.map { scalar -> Character in
            switch scalar {
            case "a"..."z", "A"..."Z", "0"..."9", "_", ":": Character(scalar)
            default: "_"
            }
        }
        let name = String(letters)
        return name.first?.isNumber == true ? "_" + name : name
    }

    /// Iterates over Unicode scalars, because CR LF is one character that contains a line feed.
    private static func escape(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars.prefix(200) {
            switch scalar {
            case "\\": result += "\\\\"
            case "\"": result += "\\\""
            case "\n": result += "\\n"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
