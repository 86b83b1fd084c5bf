/// One thing that can be set, by the environment, by `.env` or on the command line.
package struct Setting: Sendable {
    /// As in the environment: `GATEWAY_PORT`.
    package var name: String
    /// What holds when it is not set; empty when nothing does.
    package var defaultValue: String
    /// What it is for, in a line.
    package var summary: String
    package var isSecret: Bool

    init(_ name: String, _ defaultValue: String, _ summary: String, isSecret: Bool = false) {
        self.name = name
        self.defaultValue = defaultValue
        self.summary = summary
        self.isSecret = isSecret
    }

    /// As on the command line: `--gateway-port`.
    package var option: String {
        "--" + name.lowercased().replacing("_", with: "-")
    }
}
