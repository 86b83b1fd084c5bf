/// One thing that can be set, by the environment, by `.env` or on the command line.
package struct Setting: Sendable {
    /// Who reads a setting.
    package enum Reader: String, Sendable, CaseIterable {
        case gateway
        case conversation = "conversation-svc"
        case inference = "inference-svc"
        case media = "media-svc"
        case transcription = "transcription-svc"
    }

    /// As in the environment: `GATEWAY_PORT`.
    package var name: String
    /// What holds when it is not set; empty when nothing does.
    package var defaultValue: String
    /// What it is for, in a line.
    package var summary: String
    /// Whether it is never shown.
    package var isSecret: Bool
    /// The executables that read it.
    package var readers: [Reader]

    init(_ name: String, _ defaultValue: String, _ summary: String, for readers: [Reader], isSecret: Bool = false) {
        self.name = name
        self.defaultValue = defaultValue
        self.summary = summary
        self.isSecret = isSecret
        self.readers = readers
    }

    /// As on the command line: `--gateway-port`.
    package var option: String {
        "--" + name.lowercased().replacing("_", with: "-")
    }
}
