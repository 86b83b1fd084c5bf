import Configuration
import Foundation

/// All settings of a process, read once at its start: command line, then environment, then `.env`, then defaults.
package struct Settings: Sendable {
    /// What is set, by name; defaults are not in it.
    private let values: [String: String]
    /// The environment and `.env` as they are, for variables that another setting names.
    private let environment: [String: String]

    /// For tests: what is set, by name.
    package init(values: [String: String]) {
        self.init(values: values, environment: values)
    }

    private init(values: [String: String], environment: [String: String]) {
        self.values = values
        self.environment = environment
    }

    /// Reads the settings, once; the file need not exist.
    ///
    /// Throws ``InvalidSetting`` for an option that does not exist and for a line of the file that means nothing. The
    /// library's own readers of the command line and of `.env` are not used: they cut values at commas, and keep the
    /// quotes of a quoted value.
    package static func load(
        arguments: [String] = Array(CommandLine.arguments.dropFirst()),
        environmentFile: String = ".env",
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) async throws -> Settings {
        let file = try EnvironmentFile.read(environmentFile)
        let sources = [try CommandLineOptions.read(arguments), environment, file]
        let reader = ConfigReader(providers: sources.map { EnvironmentVariablesProvider(environmentVariables: $0) })
        var values: [String: String] = [:]
        for setting in known {
            let key = ConfigKey(setting.name.lowercased().replacing("_", with: "."))
            values[setting.name] = reader.string(forKey: key, isSecret: setting.isSecret)
        }
        return Settings(values: values, environment: file.merging(environment) { $1 })
    }

    /// A variable of the environment or of `.env` that a setting names: where a key is.
    package func variable(_ name: String) -> String? {
        guard let text = environment[name]?.trimmingCharacters(in: .whitespaces), !text.isEmpty else { return nil }
        return text
    }

    /// What is set; `nil` when nothing is, or only blanks.
    ///
    /// An empty value hides what comes after it: `DEFAULT_MODEL=` in the environment undoes the line in `.env`.
    package func string(_ name: String) -> String? {
        guard let text = values[name]?.trimmingCharacters(in: .whitespaces), !text.isEmpty else { return nil }
        return text
    }

    /// Where everything is kept.
    package var dataDirectory: String { string("DATA_DIR") ?? "./data" }
}
