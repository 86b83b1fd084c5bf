import Bus
import Contracts
import Foundation
import ServiceKit
import TestSupport
import Testing

@testable import ParleyTool

@Suite(.timeLimit(.minutes(5))) struct DiagnosisTests {
    private static let token = "the bus secret of this test"

    private func findings(_ values: [String: String]) async -> [String: Diagnosis.Finding] {
        let findings = await Diagnosis(settings: Settings(values: values)).findings()
        return Dictionary(findings.map { ($0.subject, $0) }) { $1 }
    }

    @Test func `a missing folder and unreachable services are reported with advice`() async throws {
        try await withTemporaryDirectory { directory in
            var values = ["DATA_DIR": directory + "/none"]
            for service in ServiceKind.allCases { values[service.portSetting] = "1" }
            let findings = await findings(values)
            #expect(findings["the data folder"]?.message.contains("Create it, or set DATA_DIR.") == true)
            #expect(findings["the bus secret"]?.message.contains("Run parley up once") == true)
            #expect(findings["gateway"]?.message.contains("Start it with parley up") == true)
            #expect(findings["files and sockets"]?.isHealthy == true)
            #expect(findings.values.filter { !$0.isHealthy }.allSatisfy { $0.line.hasPrefix("FAIL") })
        }
    }

    @Test func `open mode beyond loopback fails, unless it is allowed`() async {
        let open = ["GATEWAY_HOST": "0.0.0.0", "AUTH_MODE": "open"]
        #expect(await findings(open)["authentication"]?.isHealthy == false)
        #expect(await findings(open.merging(["ALLOW_INSECURE": "true"]) { $1 })["authentication"]?.isHealthy == true)
        #expect(await findings(["GATEWAY_HOST": "0.0.0.0"])["authentication"]?.message == "required, on 0.0.0.0.")
    }

    @Test(arguments: [
        "127.evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "127.1", "10.0.0.1", "::",
    ])
    func `a host that only looks like loopback is not loopback`(host: String) async {
        let finding = await findings(["GATEWAY_HOST": host, "AUTH_MODE": "open"])["authentication"]
        #expect(finding?.isHealthy == false)
        #expect(finding?.message.contains("Set AUTH_MODE to required") == true)
        #expect(await findings(["GATEWAY_HOST": host])["authentication"]?.message == "required, on \(host).")
    }

    @Test(arguments: ["localhost", "127.0.0.1", "127.8.9.10", "::1"])
    func `a loopback host may be open`(host: String) async {
        #expect(await findings(["GATEWAY_HOST": host])["authentication"]?.message == "open, on \(host).")
    }

    @Test func `a mistake in the file of servers is reported as the start reports it`() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/providers.json"
            let file = #"{"providers": [{"name": "a", "base_url": "http://h", "kind": "olama"}]}"#
            try file.write(toFile: path, atomically: true, encoding: .utf8)
            let finding = await findings(["PROVIDERS_FILE": path])["the servers of models"]
            #expect(finding?.isHealthy == false)
            #expect(finding?.message.contains("providers[0].kind of a must be one of ollama") == true)
        }
        #expect(await findings([:])["the servers of models"]?.isHealthy == true)
    }

    @Test func `no secret is printed`() async {
        let secrets = [
            "BUS_TOKEN": "a secret one", "OLLAMA_BASE_URL": "http://me:secret@127.0.0.1:1",
            "OPENAI_BASE_URL": "https://127.0.0.1:1/v1?key=secret", "GEMINI_API_KEY": "a secret\nwith a line break",
        ]
        let findings = await findings(secrets)
        #expect(
            findings["the settings"]?.message
                == "BUS_TOKEN=(hidden), OLLAMA_BASE_URL=(hidden), GEMINI_API_KEY=(hidden), OPENAI_BASE_URL=(hidden)"
        )
        for finding in findings.values {
            #expect(!finding.line.contains("secret@") && !finding.line.contains("=secret"))
        }
    }

    @Test func `a running service is ready`() async throws {
        let table = EndpointTable(service: "media-svc")
        let unit = ServiceUnit.bus(table: table, host: "127.0.0.1", port: 0, token: Self.token)
        try await withRunning(unit) { port in
            let findings = await findings(["MEDIA_PORT": "\(port)", "BUS_TOKEN": Self.token, "DATA_DIR": "/tmp"])
            #expect(findings["media-svc"]?.isHealthy == true)
            #expect(findings["media-svc"]?.message == "ready on port \(port).")
        }
    }

    @Test func `each provider is reported with its models and with advice`() async throws {
        var table = EndpointTable(service: "inference-svc")
        table.serve(Models.Find.self) { _, _ in Model(name: "good/a", window: 100) }
        table.serve(Models.List.self) { _, _ in
            [
                Models.ProviderReport(
                    name: "good",
                    address: "http://x",
                    models: [Model(name: "good/whisper", window: 1), Model(name: "good/a", window: 1)],
                    fault: nil,
                    remarks: ["1 models are left out."]
                ),
                Models.ProviderReport(
                    name: "targets",
                    address: nil,
                    models: [Model(name: "fast", window: 1, note: "An alias for good/a.")],
                    fault: nil,
                    remarks: ["targets.fast in PROVIDERS_FILE: goood/a is not known. Did you mean good/a?"]
                ),
                Models.ProviderReport(
                    name: "mute",
                    address: "http://y",
                    models: [Model(name: "mute/b", window: 1)],
                    fault: nil
                ),
                Models.ProviderReport(name: "ollama", address: "http://z", models: [], fault: nil),
                Models.ProviderReport(
                    name: "away",
                    address: "http://w",
                    models: [],
                    fault: Fault(.unavailable, "It is away.")
                ),
            ]
        }
        table.serve(Inference.Complete.self) { request, _ in
            guard request.generate.model == "good/a" else { throw Fault(.upstreamAuth, "The key is wrong.") }
            let begin = Inference.Begin(model: "good/a", attempts: [])
            return Inference.Answer(begin: begin, finish: .init(reason: .length, model: "good/a", usage: nil))
        }
        let token = "a-secret-of-the-bus-for-the-tests-only"
        let unit = ServiceUnit.bus(table: table, host: "127.0.0.1", port: 0, token: token)
        try await withRunning(unit) { port in
            let findings = await findings(["INFERENCE_PORT": "\(port)", "BUS_TOKEN": token, "DATA_DIR": "/tmp"])
            #expect(findings["the default model"]?.isHealthy == true)
            #expect(findings["provider good"]?.isHealthy == true)
            #expect(findings["provider good"]?.message.contains("good/a answers") == true)
            #expect(findings["provider good"]?.message.contains("1 models are left out.") == true)
            #expect(findings["targets"]?.isHealthy == false)
            #expect(findings["targets"]?.message.contains("fast (An alias for good/a.)") == true)
            #expect(findings["targets"]?.message.contains("Did you mean good/a?") == true)
            #expect(findings["provider mute"]?.isHealthy == false)
            #expect(findings["provider mute"]?.message.contains("The key is wrong.") == true)
            #expect(findings["provider ollama"]?.message.contains("ollama pull") == true)
            #expect(findings["provider away"]?.message.contains("It is away.") == true)
            #expect(findings["provider gemini"]?.message.contains("set GEMINI_API_KEY") == true)
            #expect(findings["provider openai"]?.isHealthy == true)
        }
    }

    @Test func `each tool is reported with its setting and its server's state`() async throws {
        var table = EndpointTable(service: "conversation-svc")
        table.serve(Tools.List.self) { request, _ in
            [
                Self.tool("recall_memory", setting: nil), Self.tool("get_weather", setting: "WEATHER_URL"),
                Self.tool(
                    "web_search",
                    setting: "WEB_SEARCH_URL",
                    fault: request.isChecked ? Fault(.unavailable, "The search service cannot be reached.") : nil
                ), Self.tool("generate_image", setting: "IMAGES_URL", isAvailable: false),
            ]
        }
        let token = "a-secret-of-the-bus-for-the-tests-only"
        let unit = ServiceUnit.bus(table: table, host: "127.0.0.1", port: 0, token: token)
        try await withRunning(unit) { port in
            let findings = await findings(["CONVERSATION_PORT": "\(port)", "BUS_TOKEN": token, "DATA_DIR": "/tmp"])
            #expect(findings["tool recall_memory"]?.message == "available.")
            #expect(findings["tool get_weather"]?.message == "configured with WEATHER_URL, and its server answers.")
            #expect(findings["tool web_search"]?.isHealthy == false)
            #expect(
                findings["tool web_search"]?.message
                    == "configured with WEB_SEARCH_URL. The search service cannot be reached."
            )
            #expect(findings["tool generate_image"]?.isHealthy == true)
            #expect(findings["tool generate_image"]?.message == "not configured. To use it, set IMAGES_URL.")
        }
        #expect(await findings(["CONVERSATION_PORT": "1", "DATA_DIR": "/none"])["tools"]?.isHealthy == false)
    }

    private static func tool(
        _ name: String,
        setting: String?,
        isAvailable: Bool = true,
        fault: Fault? = nil
    ) -> Tools.Description {
        Tools.Description(
            name: name,
            aliases: [],
            description: "A tool.",
            parameters: RawJSON("{}"),
            setting: setting,
            isAvailable: isAvailable,
            fault: fault
        )
    }
}
