import Foundation
import Logging
import ServiceKit
import TestSupport
import Testing

@Suite struct SettingsTests {
    private enum Colour: String, CaseIterable {
        case red
        case blue
    }

    private func load(
        _ arguments: [String] = [],
        environment: [String: String] = [:],
        file: String = ""
    ) async throws -> Settings {
        try await withTemporaryDirectory { directory in
            let path = directory + "/.env"
            try file.write(toFile: path, atomically: true, encoding: .utf8)
            return try await Settings.load(arguments: arguments, environmentFile: path, environment: environment)
        }
    }

    /// The message of the error that `body` throws.
    private func failure(_ body: () async throws -> Void) async throws -> String {
        do {
            try await body()
        } catch let fault as InvalidSetting {
            return fault.message
        }
        Issue.record("No error was thrown.")
        return ""
    }

    @Test func `the command line overrides the environment, and the environment overrides the file`() async throws {
        let all = try await load(
            ["--gateway-port", "1"],
            environment: ["GATEWAY_PORT": "2", "MEDIA_PORT": "2"],
            file: "GATEWAY_PORT=3\nMEDIA_PORT=3\nINFERENCE_PORT=3\n"
        )
        #expect(all.string("GATEWAY_PORT") == "1")
        #expect(all.string("MEDIA_PORT") == "2")
        #expect(all.string("INFERENCE_PORT") == "3")
        #expect(all.string("CONVERSATION_PORT") == nil)
    }

    @Test func `a service reads only the settings that it uses`() async throws {
        let environment = Dictionary(uniqueKeysWithValues: Settings.known.map { ($0.name, "value of \($0.name)") })
        for service in ServiceKind.allCases {
            let all = try await Settings.load(
                for: service,
                arguments: [],
                environmentFile: "/nowhere",
                environment: environment
            )
            for setting in Settings.known {
                let isUsed = setting.readers.contains(service)
                #expect((all.string(setting.name) != nil) == isUsed, "\(service) \(setting.name)")
                #expect((all.environment(for: service)[setting.name] != nil) == isUsed)
            }
        }
    }

    @Test(arguments: ServiceKind.allCases)
    func `the table of settings lists every service whose sources name a setting`(service: ServiceKind) throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Services/\(service.rawValue.capitalized)")
        let paths = try FileManager.default.subpathsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".swift") }
        let source = try paths.map { try String(contentsOf: folder.appending(path: $0), encoding: .utf8) }.joined()
        #expect(!source.isEmpty)
        for setting in Settings.known where !setting.readers.contains(service) {
            let isRead = source.matches(of: /(?:integer|boolean|duration|choice|urls?|string|secret)\(\s*"([A-Z_]+)"/)
                .contains { $0.output.1 == setting.name }
            #expect(!isRead, "\(setting.name)")
        }
    }

    @Test func `a process under parley up does not read the file`() async throws {
        let all = try await load(environment: ["PARLEY_SUPERVISED": "1", "MEDIA_PORT": "2"], file: "GATEWAY_PORT=3\n")
        #expect(all.string("GATEWAY_PORT") == nil)
        #expect(all.string("MEDIA_PORT") == "2")
    }

    @Test func `an empty value overrides as well`() async throws {
        let all = try await load(environment: ["DEFAULT_MODEL": ""], file: "DEFAULT_MODEL=demo/demo")
        #expect(all.string("DEFAULT_MODEL") == nil)
    }

    @Test(arguments: [["--inference-url", "http://a:1,http://b:2"], ["--inference-url=http://a:1,http://b:2"]])
    func `the value of an option may contain commas`(arguments: [String]) async throws {
        let all = try await load(arguments)
        #expect(try all.urls("INFERENCE_URL", default: "http://c") == ["http://a:1", "http://b:2"])
    }

    @Test func `a value that looks like an option is allowed after an equals sign`() async throws {
        let all = try await load(["--bus-token=--abc=d"])
        #expect(all.string("BUS_TOKEN") == "--abc=d")
    }

    @Test(arguments: [
        (["--gatway-port", "1"], "--gatway-port is not an option. Run with --help to list the options."),
        (["--gatway-port=1"], "--gatway-port is not an option. Run with --help to list the options."),
        (["8000"], "8000 is not an option. Run with --help to list the options."),
        (["-p"], "-p is not an option. Run with --help to list the options."),
        ([""], " is not an option. Run with --help to list the options."),
        (["--gateway-port"], "--gateway-port needs a value: --gateway-port=value."),
        (["--gateway-port", "--log-level", "info"], "--gateway-port needs a value: --gateway-port=value."),
    ])
    func `an unknown or incomplete option is rejected`(arguments: [String], message: String) async throws {
        #expect(try await failure { _ = try await load(arguments) } == message)
    }

    @Test func `every setting is an option of the same name`() async throws {
        let arguments = Settings.known.flatMap { [$0.option, "value of \($0.name)"] }
        let all = try await load(arguments)
        for setting in Settings.known { #expect(all.string(setting.name) == "value of \(setting.name)") }
    }

    @Test func `every setting has a unique name, a summary and a service that uses it`() {
        #expect(Set(Settings.known.map(\.name)).count == Settings.known.count)
        for setting in Settings.known {
            #expect(setting.summary.hasSuffix("."), "\(setting.name)")
            #expect(!setting.readers.isEmpty, "\(setting.name)")
        }
    }

    @Test(arguments: ["x", "65536", "-1", "1.0", "1e3", "0x10", "８０", "99999999999999999999", "1 2"])
    func `an invalid number is rejected`(text: String) async throws {
        let all = Settings(values: ["GATEWAY_PORT": text])
        let message = try await failure { _ = try all.integer("GATEWAY_PORT", default: 1, in: 0...65_535) }
        #expect(message == "GATEWAY_PORT is “\(text)”, which is not a whole number from 0 to 65535.")
    }

    @Test func `an unset number has its default`() throws {
        #expect(try Settings(values: [:]).integer("GATEWAY_PORT", default: 7, in: 0...9) == 7)
        #expect(try Settings(values: ["GATEWAY_PORT": "  "]).integer("GATEWAY_PORT", default: 7, in: 0...9) == 7)
        #expect(try Settings(values: ["GATEWAY_PORT": " 8 "]).integer("GATEWAY_PORT", default: 7, in: 0...9) == 8)
    }

    @Test(arguments: [
        ("250ms", Duration.milliseconds(250)), ("5s", .seconds(5)), ("2m", .seconds(120)), ("24h", .seconds(86_400)),
    ])
    func `a duration has a unit`(text: String, duration: Duration) throws {
        #expect(try Settings(values: ["RUN_TIMEOUT": text]).duration("RUN_TIMEOUT", default: .zero) == duration)
    }

    @Test(arguments: ["5", "0s", "-1s", "25h", "1.5s", "5 s", "s", "ms", "5S", "9223372036854775807h", "1d"])
    func `an invalid duration is rejected`(text: String) async throws {
        let all = Settings(values: ["RUN_TIMEOUT": text])
        let message = try await failure { _ = try all.duration("RUN_TIMEOUT", default: .zero) }
        #expect(
            message == "RUN_TIMEOUT is “\(text)”, which is not a duration of at most a day such as 250ms, 5s, 2m or 1h."
        )
    }

    @Test func `true and false have three spellings each`() async throws {
        for text in ["true", "1", "YES"] {
            #expect(try Settings(values: ["ALLOW_INSECURE": text]).boolean("ALLOW_INSECURE", default: false))
        }
        for text in ["false", "0", "no"] {
            #expect(try !Settings(values: ["ALLOW_INSECURE": text]).boolean("ALLOW_INSECURE", default: true))
        }
        let all = Settings(values: ["ALLOW_INSECURE": "maybe"])
        let message = try await failure { _ = try all.boolean("ALLOW_INSECURE", default: true) }
        #expect(message == "ALLOW_INSECURE is “maybe”, which is not one of: true, false.")
    }

    @Test func `a value outside a fixed list is rejected with the list`() async throws {
        #expect(try Settings(values: ["LOG_FORMAT": "Red"]).choice("LOG_FORMAT", default: Colour.blue) == .red)
        #expect(try Settings(values: [:]).choice("LOG_FORMAT", default: Colour.blue) == .blue)
        let all = Settings(values: ["LOG_FORMAT": "green"])
        let message = try await failure { _ = try all.choice("LOG_FORMAT", default: Colour.blue) }
        #expect(message == "LOG_FORMAT is “green”, which is not one of: red, blue.")
    }

    @Test func `URLs are separated by commas`() throws {
        let all = Settings(values: ["MEDIA_URL": " http://a:1 , https://[::1]:2/x "])
        #expect(try all.urls("MEDIA_URL", default: "http://c") == ["http://a:1", "https://[::1]:2/x"])
        #expect(try all.urls("INFERENCE_URL", default: "http://c") == ["http://c"])
    }

    @Test(arguments: ["localhost:1", "ftp://a", "http://", "http://a:99999", "http://a b", "http://a,nonsense"])
    func `an invalid URL is rejected`(text: String) async throws {
        let all = Settings(values: ["MEDIA_URL": text])
        let message = try await failure { _ = try all.urls("MEDIA_URL", default: "http://c") }
        #expect(
            message == "MEDIA_URL is “\(text)”, which is not an http or https URL such as http://127.0.0.1:8001."
        )
    }

    @Test func `an error message contains no secret`() async throws {
        let all = Settings(values: [
            "MEDIA_URL": "http://user:hunter2@a", "INFERENCE_URL": "ftp://a/?key=hunter2", "OPENAI_API_KEY": "hunter2",
        ])
        #expect(try await !failure { _ = try all.urls("INFERENCE_URL", default: "http://c") }.contains("hunter2"))
        for name in ["MEDIA_URL", "INFERENCE_URL", "OPENAI_API_KEY"] { #expect(all.displayValue(name) == "(hidden)") }
        #expect(try await !failure { _ = try all.urls("MEDIA_URL", default: "http://c") }.contains("hunter2"))
        #expect(
            try await !failure { _ = try all.integer("OPENAI_API_KEY", default: 0, in: 0...1) }.contains("hunter2")
        )
    }

    @Test func `an error message is one line and does not control a terminal`() async throws {
        let all = Settings(values: ["GATEWAY_PORT": "1\n2\u{1B}[2J"])
        let message = try await failure { _ = try all.integer("GATEWAY_PORT", default: 1, in: 0...9) }
        #expect(message.hasPrefix("GATEWAY_PORT is “1\\n2\\u001b[2J”"))
    }
}
