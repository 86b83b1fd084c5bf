/// The output of `--help`.
enum HelpText {
    static func text(for service: ServiceKind, command: String) -> String {
        let settings = Settings.known.filter { $0.readers.contains(service) }
        var text = """
            Usage: \(command) [--health] [--help] [--<setting> <value> …]

            \(service.executable), a service of Parley. A setting on the command line overrides the environment, and the
            environment overrides the file .env.
            --health queries the readiness of the running service and exits with 0 (ready) or 1.

            Settings (the option --log-level debug is the same as LOG_LEVEL=debug):

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
