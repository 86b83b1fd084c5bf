import Testing

@testable import ServiceKit

@Suite struct HelpTextTests {
    @Test(arguments: Setting.Reader.allCases)
    func `help names the settings that the executable reads, and no others`(reader: Setting.Reader) {
        let lines = HelpText.text(for: reader.rawValue).split(separator: "\n")
        for setting in Settings.known {
            let line = lines.first { $0.hasPrefix("  \(setting.name) ") }
            #expect((line != nil) == setting.readers.contains(reader), "\(setting.name)")
            guard let line else { continue }
            #expect(line.contains(setting.summary) && line.contains(setting.defaultValue))
        }
    }
}
