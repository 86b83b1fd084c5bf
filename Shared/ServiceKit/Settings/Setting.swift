/// A setting: an environment variable, a line in `.env`, or a command-line option.
package struct Setting: Sendable {
    /// The name of the environment variable: `GATEWAY_PORT`.
    package var name: String
    /// Default value; empty if there is none.
    package var defaultValue: String
    /// Its purpose, in one line.
    package var summary: String
    /// Whether the value must never be printed.
    package var isSecret: Bool
    /// The services that use it; no other service receives it.
    package var readers: [ServiceKind]

    init(_ name: String, _ defaultValue: String, _ summary: String, for readers: [ServiceKind], isSecret: Bool = false)
    {
        self.name = name
        self.defaultValue = defaultValue
        self.summary = summary
        self.isSecret = isSecret
        self.readers = readers
    }

    /// The name of the command-line option: `--gateway-port`.
    package var option: String {
        "--" + name.lowercased().replacing("_", with: "-")
    }
}
