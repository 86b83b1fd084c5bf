import Testing

@testable import ServiceKit

@Suite struct HelpTextTests {
    @Test(arguments: ServiceKind.allCases)
    func `help lists exactly the settings of the service`(service: ServiceKind) {
        let text = HelpText.text(for: service, command: "parley serve \(service.rawValue)")
        #expect(text.hasPrefix("Usage: parley serve \(service.rawValue) [--health]"))
        let lines = text.split(separator: "\n")
        for setting in Settings.known {
            let line = lines.first { $0.hasPrefix("  \(setting.name) ") }
            #expect((line != nil) == setting.readers.contains(service), "\(setting.name)")
            guard let line else { continue }
            #expect(line.contains(setting.summary) && line.contains(setting.defaultValue))
        }
    }
}
