import Bus
import Contracts
import ServiceKit
import TestSupport
import Testing

@testable import ParleyTool

@Suite(.timeLimit(.minutes(1))) struct DiagnosisTests {
    private static let token = "the bus secret of this test"

    private func findings(_ values: [String: String]) async -> [String: Diagnosis.Finding] {
        let findings = await Diagnosis(settings: Settings(values: values)).findings()
        return Dictionary(findings.map { ($0.subject, $0) }) { $1 }
    }

    @Test func `an empty folder and silent ports are told with what to do`() async throws {
        try await withTemporaryDirectory { directory in
            var values = ["DATA_DIR": directory + "/none"]
            for service in ServiceKind.allCases { values[service.portSetting] = "1" }
            let findings = await findings(values)
            #expect(findings["the data folder"]?.message.contains("Make it, or set DATA_DIR.") == true)
            #expect(findings["the bus secret"]?.message.contains("Run parley up once") == true)
            #expect(findings["gateway"]?.message.contains("Start it with parley up") == true)
            #expect(findings["files and sockets"]?.isHealthy == true)
            #expect(findings.values.filter { !$0.isHealthy }.allSatisfy { $0.line.hasPrefix("FAIL") })
        }
    }

    @Test func `an open door to the world is wrong, unless it is said aloud`() async {
        let open = ["GATEWAY_HOST": "0.0.0.0", "AUTH_MODE": "open"]
        #expect(await findings(open)["authentication"]?.isHealthy == false)
        #expect(await findings(open.merging(["ALLOW_INSECURE": "true"]) { $1 })["authentication"]?.isHealthy == true)
        #expect(await findings(["GATEWAY_HOST": "0.0.0.0"])["authentication"]?.message == "required, on 0.0.0.0.")
    }

    @Test func `no secret is shown`() async {
        let secrets = ["BUS_TOKEN": "a secret one", "OLLAMA_BASE_URL": "http://me:hidden@127.0.0.1:1"]
        let settings = await findings(secrets)["the settings"]
        #expect(settings?.message == "BUS_TOKEN=…, OLLAMA_BASE_URL=…")
    }

    @Test func `a service that answers is ready`() async throws {
        let table = EndpointTable(service: "media-svc")
        let unit = ServiceUnit.bus(table: table, host: "127.0.0.1", port: 0, token: Self.token)
        try await withRunning(unit) { port in
            let findings = await findings(["MEDIA_PORT": "\(port)", "BUS_TOKEN": Self.token, "DATA_DIR": "/tmp"])
            #expect(findings["media-svc"]?.isHealthy == true)
            #expect(findings["media-svc"]?.message == "ready on port \(port).")
        }
    }

    @Test func `each provider is told: set up, reachable, answering, with which models, and what to do`() async throws {
        var table = EndpointTable(service: "inference-svc")
        table.serve(Models.Find.self) { _, _ in Model(name: "good/a", window: 100) }
        table.serve(Models.List.self) { _, _ in
            [
                Models.ProviderReport(
                    name: "good",
                    address: "http://x",
                    models: [Model(name: "good/a", window: 1)],
                    fault: nil
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
            #expect(findings["provider mute"]?.isHealthy == false)
            #expect(findings["provider mute"]?.message.contains("The key is wrong.") == true)
            #expect(findings["provider ollama"]?.message.contains("ollama pull") == true)
            #expect(findings["provider away"]?.message.contains("It is away.") == true)
            #expect(findings["provider gemini"]?.message.contains("set GEMINI_API_KEY") == true)
            #expect(findings["provider openai"]?.isHealthy == true)
        }
    }
}
