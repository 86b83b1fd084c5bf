/// What `--help` says.
enum HelpText {
    static func text(for name: String) -> String {
        let settings = Settings.known.filter { setting in setting.readers.contains { $0.rawValue == name } }
        var text = """
            HelpText: \(name) [--health] [--help] [--<setting> <value> …]

            A service of Parley. Settings come from the command line, the environment and .env, in this order.
            --health asks the running service whether it can work, and exits with 0 or 1.

            Settings (--log-level debug is LOG_LEVEL=debug):

            """
        let width = settings.map(\.name.count).max() ?? 0
        for setting in settings {
            let padding = String(repeating: " ", count: width - setting.name.count + 2)
            let value = setting.defaultValue.isEmpty ? "" : " [\(setting.defaultValue)]"
            text += "  \(setting.name)\(padding)\(setting.summary)\(value)\n"
        }
        return text
    }
}
