import Bus
import Contracts
import ServiceKit
import TestSupport
import Testing

@testable import ParleyTool

@Suite(.timeLimit(.minutes(1))) struct ExaminationTests {
    private static let token = "the bus secret of this test"

    private func findings(_ values: [String: String]) async -> [String: Examination.Finding] {
        let findings = await Examination(settings: Settings(values: values)).findings()
        return Dictionary(findings.map { ($0.subject, $0) }) { $1 }
    }

    @Test func `an empty folder and silent ports are told with what to do`() async throws {
        try await withTemporaryDirectory { directory in
            var values = ["DATA_DIR": directory + "/none"]
            for service in HouseService.allCases { values[service.portSetting] = "1" }
            let findings = await findings(values)
            #expect(findings["the data folder"]?.sentence.contains("Make it, or set DATA_DIR.") == true)
            #expect(findings["the bus secret"]?.sentence.contains("Run parley up once") == true)
            #expect(findings["gateway"]?.sentence.contains("Start it with parley up") == true)
            #expect(findings["files and sockets"]?.isWell == true)
            #expect(findings.values.filter { !$0.isWell }.allSatisfy { $0.line.hasPrefix("WRONG") })
        }
    }

    @Test func `an open door to the world is wrong, unless it is said aloud`() async {
        let open = ["GATEWAY_HOST": "0.0.0.0", "AUTH_MODE": "open"]
        #expect(await findings(open)["authentication"]?.isWell == false)
        #expect(await findings(open.merging(["ALLOW_INSECURE": "true"]) { $1 })["authentication"]?.isWell == true)
        #expect(await findings(["GATEWAY_HOST": "0.0.0.0"])["authentication"]?.sentence == "required, on 0.0.0.0.")
    }

    @Test func `no secret is shown`() async {
        let secrets = ["BUS_TOKEN": "a secret one", "OLLAMA_BASE_URL": "http://me:hidden@127.0.0.1:1"]
        let settings = await findings(secrets)["the settings"]
        #expect(settings?.sentence == "BUS_TOKEN=…, OLLAMA_BASE_URL=…")
    }

    @Test func `a service that answers is ready`() async throws {
        let table = EndpointTable(service: "media-svc")
        let unit = ServiceUnit.bus(table: table, host: "127.0.0.1", port: 0, token: Self.token)
        try await withRunning(unit) { port in
            let findings = await findings(["MEDIA_PORT": "\(port)", "BUS_TOKEN": Self.token, "DATA_DIR": "/tmp"])
            #expect(findings["media-svc"]?.isWell == true)
            #expect(findings["media-svc"]?.sentence == "ready on port \(port).")
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
            #expect(findings["the default model"]?.isWell == true)
            #expect(findings["provider good"]?.isWell == true)
            #expect(findings["provider good"]?.sentence.contains("good/a answers") == true)
            #expect(findings["provider mute"]?.isWell == false)
            #expect(findings["provider mute"]?.sentence.contains("The key is wrong.") == true)
            #expect(findings["provider ollama"]?.sentence.contains("ollama pull") == true)
            #expect(findings["provider away"]?.sentence.contains("It is away.") == true)
            #expect(findings["provider gemini"]?.sentence.contains("set GEMINI_API_KEY") == true)
            #expect(findings["provider openai"]?.isWell == true)
        }
    }
}
