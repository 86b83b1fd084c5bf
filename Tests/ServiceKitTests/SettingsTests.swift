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

    /// The sentence with which `body` refuses.
    private func refusal(_ body: () async throws -> Void) async throws -> String {
        do {
            try await body()
        } catch let fault as InvalidSetting {
            return fault.message
        }
        Issue.record("Nothing was refused.")
        return ""
    }

    @Test func `the command line wins over the environment, the environment over the file`() async throws {
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

    @Test func `an empty value hides what comes after it`() async throws {
        let all = try await load(environment: ["DEFAULT_MODEL": ""], file: "DEFAULT_MODEL=demo/demo")
        #expect(all.string("DEFAULT_MODEL") == nil)
    }

    @Test(arguments: [["--inference-url", "http://a:1,http://b:2"], ["--inference-url=http://a:1,http://b:2"]])
    func `an option takes its value whole, commas and all`(arguments: [String]) async throws {
        let all = try await load(arguments)
        #expect(try all.urls("INFERENCE_URL", default: "http://c") == ["http://a:1", "http://b:2"])
    }

    @Test func `a value that looks like an option stands behind an equals sign`() async throws {
        let all = try await load(["--bus-token=--abc=d"])
        #expect(all.string("BUS_TOKEN") == "--abc=d")
    }

    @Test(arguments: [
        (["--gatway-port", "1"], "--gatway-port is not an option. Run with --help to see all options."),
        (["--gatway-port=1"], "--gatway-port is not an option. Run with --help to see all options."),
        (["8000"], "8000 is not an option. Run with --help to see all options."),
        (["-p"], "-p is not an option. Run with --help to see all options."),
        ([""], " is not an option. Run with --help to see all options."),
        (["--gateway-port"], "--gateway-port needs a value: --gateway-port=value."),
        (["--gateway-port", "--log-level", "info"], "--gateway-port needs a value: --gateway-port=value."),
    ])
    func `what is no option is refused`(arguments: [String], sentence: String) async throws {
        #expect(try await refusal { _ = try await load(arguments) } == sentence)
    }

    @Test func `every setting is an option of the same name`() async throws {
        let arguments = Settings.known.flatMap { [$0.option, "value of \($0.name)"] }
        let all = try await load(arguments)
        for setting in Settings.known { #expect(all.string(setting.name) == "value of \(setting.name)") }
    }

    @Test func `every setting has a name of its own, a summary and a reader`() {
        #expect(Set(Settings.known.map(\.name)).count == Settings.known.count)
        for setting in Settings.known {
            #expect(setting.summary.hasSuffix("."), "\(setting.name)")
            #expect(!setting.readers.isEmpty, "\(setting.name)")
        }
    }

    @Test(arguments: ["x", "65536", "-1", "1.0", "1e3", "0x10", "８０", "99999999999999999999", "1 2"])
    func `an ill-formed number is refused`(text: String) async throws {
        let all = Settings(values: ["GATEWAY_PORT": text])
        let sentence = try await refusal { _ = try all.integer("GATEWAY_PORT", default: 1, in: 0...65_535) }
        #expect(sentence == "GATEWAY_PORT is “\(text)”, which is not a whole number from 0 to 65535.")
    }

    @Test func `a number that is not set is the default`() throws {
        #expect(try Settings(values: [:]).integer("GATEWAY_PORT", default: 7, in: 0...9) == 7)
        #expect(try Settings(values: ["GATEWAY_PORT": "  "]).integer("GATEWAY_PORT", default: 7, in: 0...9) == 7)
        #expect(try Settings(values: ["GATEWAY_PORT": " 8 "]).integer("GATEWAY_PORT", default: 7, in: 0...9) == 8)
    }

    @Test(arguments: [
        ("250ms", Duration.milliseconds(250)), ("5s", .seconds(5)), ("2m", .seconds(120)), ("24h", .seconds(86_400)),
    ])
    func `a time has a unit`(text: String, duration: Duration) throws {
        #expect(try Settings(values: ["RUN_TIMEOUT": text]).duration("RUN_TIMEOUT", default: .zero) == duration)
    }

    @Test(arguments: ["5", "0s", "-1s", "25h", "1.5s", "5 s", "s", "ms", "5S", "9223372036854775807h", "1d"])
    func `an ill-formed time is refused`(text: String) async throws {
        let all = Settings(values: ["RUN_TIMEOUT": text])
        let sentence = try await refusal { _ = try all.duration("RUN_TIMEOUT", default: .zero) }
        #expect(sentence == "RUN_TIMEOUT is “\(text)”, which is not a time up to a day such as 250ms, 5s, 2m or 1h.")
    }

    @Test func `yes and no have three spellings each`() async throws {
        for text in ["true", "1", "YES"] {
            #expect(try Settings(values: ["ALLOW_INSECURE": text]).boolean("ALLOW_INSECURE", default: false))
        }
        for text in ["false", "0", "no"] {
            #expect(try !Settings(values: ["ALLOW_INSECURE": text]).boolean("ALLOW_INSECURE", default: true))
        }
        let all = Settings(values: ["ALLOW_INSECURE": "maybe"])
        let sentence = try await refusal { _ = try all.boolean("ALLOW_INSECURE", default: true) }
        #expect(sentence == "ALLOW_INSECURE is “maybe”, which is not one of: true, false.")
    }

    @Test func `a word outside a fixed set is refused with the set`() async throws {
        #expect(try Settings(values: ["LOG_FORMAT": "Red"]).choice("LOG_FORMAT", default: Colour.blue) == .red)
        #expect(try Settings(values: [:]).choice("LOG_FORMAT", default: Colour.blue) == .blue)
        let all = Settings(values: ["LOG_FORMAT": "green"])
        let sentence = try await refusal { _ = try all.choice("LOG_FORMAT", default: Colour.blue) }
        #expect(sentence == "LOG_FORMAT is “green”, which is not one of: red, blue.")
    }

    @Test func `urls stand with commas`() throws {
        let all = Settings(values: ["MEDIA_URL": " http://a:1 , https://[::1]:2/x "])
        #expect(try all.urls("MEDIA_URL", default: "http://c") == ["http://a:1", "https://[::1]:2/x"])
        #expect(try all.urls("INFERENCE_URL", default: "http://c") == ["http://c"])
    }

    @Test(arguments: ["localhost:1", "ftp://a", "http://", "http://a:99999", "http://a b", "http://a,nonsense"])
    func `an ill-formed url is refused`(text: String) async throws {
        let all = Settings(values: ["MEDIA_URL": text])
        let sentence = try await refusal { _ = try all.urls("MEDIA_URL", default: "http://c") }
        #expect(
            sentence == "MEDIA_URL is “\(text)”, which is not an http or https URL such as http://127.0.0.1:8001."
        )
    }

    @Test func `a refusal shows no secret`() async throws {
        let all = Settings(values: ["MEDIA_URL": "http://user:hunter2@a", "OPENAI_API_KEY": "hunter2"])
        #expect(try await !refusal { _ = try all.urls("MEDIA_URL", default: "http://c") }.contains("hunter2"))
        #expect(
            try await !refusal { _ = try all.integer("OPENAI_API_KEY", default: 0, in: 0...1) }.contains("hunter2")
        )
    }

    @Test func `a refusal is one line, and steers no terminal`() async throws {
        let all = Settings(values: ["GATEWAY_PORT": "1\n2\u{1B}[2J"])
        let sentence = try await refusal { _ = try all.integer("GATEWAY_PORT", default: 1, in: 0...9) }
        #expect(sentence.hasPrefix("GATEWAY_PORT is “1\\n2\\u001b[2J”"))
    }
}
