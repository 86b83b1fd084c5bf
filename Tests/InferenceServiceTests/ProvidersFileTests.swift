import Contracts
import Foundation
import ServiceKit
import TestSupport
import Testing

@testable import InferenceService

/// Mistakes in `PROVIDERS_FILE`: the start and `parley doctor` say the same, with the place.
@Suite struct ProvidersFileTests {
    private func problem(_ file: String, _ settings: [String: String] = [:]) async throws -> String? {
        try await withTemporaryDirectory { directory in
            let path = directory + "/providers.json"
            try file.write(toFile: path, atomically: true, encoding: .utf8)
            let settings = Settings(values: settings.merging(["PROVIDERS_FILE": path]) { $1 })
            var told: String?
            do { try InferenceService.check(settings: settings) } catch let error as InvalidSetting {
                told = error.message
            }
            let start = try? await InferenceService.unit(
                settings: Settings(
                    values: settings.values(of: ["PROVIDERS_FILE", "K", "H"]).merging([
                        "BUS_TOKEN": "a-bus-token-for-tests-only-0123456789", "INFERENCE_PORT": "0",
                    ]) { $1 }
                )
            )
            #expect((start == nil) == (told != nil), "The check and the start agree.")
            return told?.replacing(path, with: "FILE")
        }
    }

    private static func server(_ members: String) -> String {
        #"{"providers": [{"name": "a", "base_url": "http://h/v1"\#(members.isEmpty ? "" : ", ")\#(members)}]}"#
    }

    @Test(arguments: [
        (#"{"providers": "x"}"#, "providers"), ("{", "JSON"), (#"{"provider": []}"#, "Did you mean providers?"),
        (#"{"providers": [{"name": "a"}]}"#, "base_url"),
        (ProvidersFileTests.server(#""api_key": "x""#), "providers[0]"),
        (#"{"providers": [{"name": "A b", "base_url": "http://h"}]}"#, "providers[0].name"),
        (#"{"providers": [{"name": "demo", "base_url": "http://h"}]}"#, "already used"),
        (#"{"providers": [{"name": "targets", "base_url": "http://h"}]}"#, "already used"),
        (#"{"providers": [{"name": "a", "base_url": "http://ann:hidden@h"}]}"#, "basic_auth_env"),
        (ProvidersFileTests.server(#""kind": "olama""#), "must be one of ollama, gemini, openai"),
        (ProvidersFileTests.server(#""kind": "azure""#), "models must list"),
        (ProvidersFileTests.server(#""kind": "azure", "models": ["d"]"#), "api_version must be set"),
        (ProvidersFileTests.server(#""kind": "gemini", "api_version": "v9""#), "api_version must be one of v1"),
        (ProvidersFileTests.server(#""api_version": "v1""#), "is only for servers of the kind azure"),
        (ProvidersFileTests.server(#""num_ctx": 4096"#), "is only for servers of the kind ollama"),
        (ProvidersFileTests.server(#""models": [{"id": "a/../b"}]"#), "providers[0].models[0]"),
        (ProvidersFileTests.server(#""models": [{"id": "a", "windw": 3}]"#), "Did you mean window?"),
        (ProvidersFileTests.server(#""models": [{"id": "a", "window": 0}]"#), "providers[0].models[0].window"),
        (ProvidersFileTests.server(#""concurrency": 0"#), "1 to 65536"),
        (ProvidersFileTests.server(#""first_token_timeout": "soon""#), "duration"),
        (ProvidersFileTests.server(#""quirks": {"stream_option": true}"#), "Did you mean stream_options?"),
        (ProvidersFileTests.server(#""quirks": {"token_limit": "tokens"}"#), "token_limit"),
        (ProvidersFileTests.server(#""headers": {"bad name": "x"}"#), "no name of a header"),
        (ProvidersFileTests.server(#""headers": {"Host": "x"}"#), "cannot set Host"),
        (ProvidersFileTests.server(#""headers": {"x": {"env": "MISSING"}}"#), "MISSING"),
        (ProvidersFileTests.server(#""api_key_env": ["MISSING"]"#), "MISSING"),
        (ProvidersFileTests.server(#""api_key_env": []"#), "at least one"),
        (ProvidersFileTests.server(#""basic_auth_env": "K""#), "user:password"),
        (ProvidersFileTests.server(#""ca_file": "/none.pem""#), "/none.pem"),
        (ProvidersFileTests.server(#""proxy": "https://p:1""#), "proxy of a"),
        (#"{"targets": {"x": []}}"#, "targets.x must have 1 to 64"),
        (#"{"targets": {"ollama/x": ["demo/demo"]}}"#, "cannot begin with the name of a server"),
        (#"{"targets": {"x": [{"server": "demo", "model": "demo", "weight": 0}]}}"#, "targets.x[0].weight"),
        (#"{"targets": {"x": [{"server": "demo", "model": "demo", "limit": {}}]}}"#, "Did you mean limits?"),
        (#"{"targets": {"x": ["demo"]}}"#, "targets.x[0].model"),
        (#"{"fallbacks": {"x": ["a/../b"]}}"#, "fallbacks.x"),
    ])
    func `a mistake is reported with its place and what to do`(_ file: String, _ wanted: String) async throws {
        let message = try #require(try await problem(file, ["K": "no-colon"]), "\(file) was taken.")
        #expect(message.contains(wanted), "\(message)")
        #expect(!message.contains("hidden"))
        #expect(message.hasSuffix(".") || message.hasSuffix(". "), "\(message)")
    }

    @Test func `a complete file is taken`() async throws {
        let file = """
            {"providers": [
              {"name": "a", "base_url": "http://h/v1", "api_key_env": "K", "headers": {"x-a": {"env": "H"}}, "query": {"q": "1"},
               "proxy": "http://u:p@proxy:3128", "connect_timeout": "2s", "first_token_timeout": "9s", "token_gap_timeout": "8s",
               "run_timeout": "1h", "concurrency": 2, "queue": 3, "models": ["m", {"id": "n", "window": 9}],
               "quirks": {"token_limit": "max_completion_tokens", "stream_options": false, "developer_role": true,
                 "metadata": true, "unknown_options": false, "image_addresses": true, "base64_embeddings": true}},
              {"name": "b", "kind": "ollama", "base_url": "http://h", "num_ctx": 4096}],
             "targets": {"fast": ["a/m", {"server": "b", "model": "x", "weight": 2, "limits": {"first_token_timeout": "1s"}}]}}
            """
        #expect(try await problem(file, ["K": "key", "H": "header"]) == nil)
        try await withTemporaryDirectory { directory in
            let path = directory + "/providers.json"
            try file.write(toFile: path, atomically: true, encoding: .utf8)
            let settings = Settings(values: ["PROVIDERS_FILE": path, "K": "key", "H": "header"])
            let configuration = try InferenceConfiguration(settings: settings, registry: ProviderRegistry())
            let server = try #require(configuration.servers.first { $0.name == "a" })
            #expect(server.keys == ["key"] && "\(server.headers)".contains("header"))
            #expect(server.timeouts.firstToken == .seconds(9) && server.timeouts.whole == .seconds(3600))
            #expect(server.connectTimeout == .seconds(2) && server.concurrency == 2 && server.queue == 3)
            #expect(server.quirks.tokenLimit == .maxCompletionTokens && !server.quirks.acceptsStreamOptions)
            #expect(server.quirks.imageSchemes == ["http", "https"])
            let other = try #require(configuration.servers.first { $0.name == "b" })
            #expect(other.timeouts.firstToken == .seconds(300) && other.windowLimit == 4096)
            let group = try #require(configuration.file.plan.groups(for: "fast")?.first)
            #expect(group.targets.map(\.name) == ["a/m", "b/x"])
            #expect(group.targets.last?.weight == 2 && group.targets.last?.limits.firstToken == .seconds(1))
            let variables = try InferenceService.keyVariables(settings: settings)
            #expect(Set(variables).isSuperset(of: ["K", "H"]))
        }
    }
}

extension Settings {
    /// The values that are set, by name.
    fileprivate func values(of names: [String]) -> [String: String] {
        Dictionary(
            names.compactMap { name in
                let value = string(name) ?? ((try? secret(inVariable: name)) ?? nil)
                return value.map { (name, $0) }
            }
        ) { $1 }
    }
}
