import Configuration
import Foundation
import SystemPackage

/// All settings of a process, read once at its start: command line, then environment, then `.env`, then defaults.
package struct Settings: Sendable {
    /// What is set, by name; defaults are not in it.
    private let values: [String: String]

    /// For tests: what is set, by name.
    package init(values: [String: String]) {
        self.values = values
    }

    /// Reads the settings. Throws ``SettingFault`` for an option that does not exist.
    package static func load(
        arguments: [String] = Array(CommandLine.arguments.dropFirst()),
        environmentFile: String = ".env"
    ) async throws -> Settings {
        let reader = ConfigReader(providers: [
            CommandLineArgumentsProvider(arguments: ["parley"] + (try normalised(arguments))),
            EnvironmentVariablesProvider(),
            try await EnvironmentVariablesProvider(environmentFilePath: FilePath(environmentFile), allowMissing: true),
        ])
        var values: [String: String] = [:]
        for setting in known {
            let key = ConfigKey(setting.name.lowercased().replacing("_", with: "."))
            values[setting.name] = reader.string(forKey: key, isSecret: setting.isSecret)
        }
        return Settings(values: values)
    }

    /// What is set; `nil` when nothing is, or only blanks.
    package func string(_ name: String) -> String? {
        guard let text = values[name]?.trimmingCharacters(in: .whitespaces), !text.isEmpty else { return nil }
        return text
    }

    /// Where everything is kept.
    package var dataDirectory: String { string("DATA_DIR") ?? "./data" }

    /// Splits `--option=value` and refuses what is no option of ours.
    private static func normalised(_ arguments: [String]) throws -> [String] {
        let options = Set(known.map(\.option))
        var result: [String] = []
        var expectsValue = false
        for argument in arguments {
            if expectsValue {
                result.append(argument)
                expectsValue = false
                continue
            }
            let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let option = parts.first.map(String.init) ?? argument
            guard options.contains(option) else {
                throw SettingFault("\(option) is not an option. Run with --help to see all options.")
            }
            result.append(option)
            if parts.count == 2 { result.append(String(parts[1])) } else { expectsValue = true }
        }
        guard !expectsValue else { throw SettingFault("\(result.last ?? "An option") needs a value.") }
        return result
    }
}
