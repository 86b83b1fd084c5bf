import Bus
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
}
