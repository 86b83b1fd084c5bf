import Configuration
import Foundation

/// The settings of a process, read once at its start.
///
/// An option on the command line overrides the environment, the environment overrides the file `.env`, and the file
/// overrides the default.
package struct Settings: Sendable {
    /// The values that are set, by name; without defaults.
    private let values: [String: String]
    /// The environment and `.env`, for variables that another setting names.
    private let environment: [String: String]

    /// Creates settings from values, by name; for tests.
    package init(values: [String: String]) {
        self.init(values: values, environment: values)
    }

    private init(values: [String: String], environment: [String: String]) {
        self.values = values
        self.environment = environment
    }

    /// Reads the settings that a service uses, or those of all services for `nil`.
    ///
    /// The file is optional; a process that `parley up` started does not read it. Throws ``InvalidSetting`` for an unknown
    /// option, for an invalid line in the file, and for a secret with a control character. The configuration library's own
    /// readers of the command line and of `.env` are not used: they split values at commas and keep the quotes of a
    /// quoted value.
    package static func load(
        for service: ServiceKind? = nil,
        arguments: [String] = Array(CommandLine.arguments.dropFirst()),
        environmentFile: String = ".env",
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) async throws -> Settings {
        let isSupervised = SupervisedProcess.isSupervised(environment)
        let file = isSupervised ? [:] : try EnvironmentFile.read(environmentFile)
        let sources = [try CommandLineOptions.read(arguments), environment, file]
        let reader = ConfigReader(providers: sources.map { EnvironmentVariablesProvider(environmentVariables: $0) })
        var values: [String: String] = [:]
        for setting in known where service.map(setting.readers.contains) ?? true {
            let key = ConfigKey(setting.name.lowercased().replacing("_", with: "."))
            values[setting.name] = reader.string(forKey: key, isSecret: setting.isSecret)
        }
        let settings = Settings(values: values, environment: file.merging(environment) { $1 })
        for setting in known where setting.isSecret { _ = try settings.secret(setting.name) }
        return settings
    }

    /// The settings that a service uses, as environment variables for its process.
    package func environment(for service: ServiceKind) -> [String: String] {
        let names = Self.known.filter { $0.readers.contains(service) }.map(\.name)
        return values.filter { names.contains($0.key) }
    }

    /// Returns the value of a setting, without spaces around it; `nil` if it is unset or blank.
    ///
    /// An empty value overrides as well: `DEFAULT_MODEL=` in the environment cancels the line in `.env`.
    package func string(_ name: String) -> String? {
        Self.trimmed(values[name])
    }

    /// Returns the value of a secret setting; `nil` if it is unset or blank.
    ///
    /// Throws ``InvalidSetting`` for a value with a line break or another control character.
    package func secret(_ name: String) throws -> String? {
        try Self.checkedSecret(string(name), name: name)
    }

    /// Returns a secret in an environment variable or a line of `.env` that another setting names.
    ///
    /// Throws ``InvalidSetting`` for a value with a line break or another control character.
    package func secret(inVariable name: String) throws -> String? {
        try Self.checkedSecret(Self.trimmed(environment[name]), name: name)
    }

    private static func trimmed(_ value: String?) -> String? {
        guard let text = value?.trimmingCharacters(in: .whitespaces), !text.isEmpty else { return nil }
        return text
    }

    /// The folder of all stored data.
    package var dataDirectory: String { string("DATA_DIR") ?? "./data" }
}
