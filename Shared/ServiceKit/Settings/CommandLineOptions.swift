/// Reads `--option value` and `--option=value`.
enum CommandLineOptions {
    /// What is set, by the setting's name; of an option given twice, the last.
    ///
    /// Throws ``InvalidSetting`` for what is no option of the house and for an option without its value.
    static func read(_ arguments: [String]) throws -> [String: String] {
        let names = Dictionary(uniqueKeysWithValues: Settings.known.map { ($0.option, $0.name) })
        var values: [String: String] = [:]
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let option = parts.first.map(String.init) ?? argument
            guard let name = names[option] else {
                throw InvalidSetting("\(option) is not an option. Run with --help to see all options.")
            }
            if parts.count == 2 {
                values[name] = String(parts[1])
                continue
            }
            // What begins like another option is a value only behind an equals sign: so a forgotten value is noticed.
            guard let value = rest.popFirst(), !value.hasPrefix("--") else {
                throw InvalidSetting("\(option) needs a value: \(option)=value.")
            }
            values[name] = value
        }
        return values
    }
}
