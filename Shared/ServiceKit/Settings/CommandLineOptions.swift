/// Parses `--option value` and `--option=value`.
enum CommandLineOptions {
    /// Returns the values by the name of the setting; the last one if an option is repeated.
    ///
    /// Throws ``InvalidSetting`` for an unknown option and for an option without a value.
    static func read(_ arguments: [String]) throws -> [String: String] {
        let names = Dictionary(uniqueKeysWithValues: Settings.known.map { ($0.option, $0.name) })
        var values: [String: String] = [:]
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let option = parts.first.map(String.init) ?? argument
            guard let name = names[option] else {
                throw InvalidSetting("\(option) is not an option. Run with --help to list the options.")
            }
            if parts.count == 2 {
                values[name] = String(parts[1])
                continue
            }
            // A value that begins with -- is only allowed after an equals sign, so that a missing value is detected.
            guard let value = rest.popFirst(), !value.hasPrefix("--") else {
                throw InvalidSetting("\(option) needs a value: \(option)=value.")
            }
            values[name] = value
        }
        return values
    }
}
