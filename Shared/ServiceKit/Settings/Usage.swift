/// What `--help` says.
enum Usage {
    static func text(for name: String) -> String {
        var text = """
            Usage: \(name) [--health] [--help] [--<setting> <value> …]

            A service of Parley. Settings come from the command line, the environment and .env, in this order.
            --health asks the running service whether it can work, and exits with 0 or 1.

            Settings:

            """
        let width = Settings.known.map(\.option.count).max() ?? 0
        for setting in Settings.known {
            let padding = String(repeating: " ", count: width - setting.option.count + 2)
            let value = setting.defaultValue.isEmpty ? "" : " [\(setting.defaultValue)]"
            text += "  \(setting.option)\(padding)\(setting.summary)\(value)\n"
        }
        return text
    }
}
