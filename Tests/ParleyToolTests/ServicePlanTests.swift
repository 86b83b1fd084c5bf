import ServiceKit
import TestSupport
import Testing

@testable import ParleyTool

@Suite struct ServicePlanTests {
    /// The error message for an invalid plan; `nil` if the plan is valid.
    private func failure(
        _ values: [String: String] = [:],
        only: String? = nil,
        executable: String = "/bin/parley"
    ) -> String? {
        do {
            _ = try ServicePlan(settings: Settings(values: values), only: only, executable: executable)
            return nil
        } catch {
            return "\(error)"
        }
    }

    @Test func `an unknown service is rejected by name`() {
        #expect(
            failure(only: "gateway,conversations")
                == "--only names conversations, which is not one of: gateway, conversation, inference, media, transcription."
        )
    }

    @Test func `a service is planned once, and an empty list is rejected`() throws {
        #expect(failure(only: "")?.contains("--only names no service") == true)
        let plan = try ServicePlan(settings: Settings(values: [:]), only: "media,gateway,media", executable: "/bin/sh")
        #expect(plan.services == [.gateway, .media])
    }

    @Test func `a missing executable is named`() {
        #expect(
            failure(only: "media", executable: "/nowhere/parley")?.contains(
                "/nowhere/parley is missing. Run make build."
            ) == true
        )
    }

    @Test func `two services cannot have one port`() {
        #expect(failure(["MEDIA_PORT": "8001"], executable: "/bin/sh")?.contains("same port") == true)
    }

    @Test func `an invalid port is rejected`() {
        #expect(failure(["MEDIA_PORT": "http"], executable: "/bin/sh")?.contains("MEDIA_PORT") == true)
    }

    @Test func `a service that binds to all addresses is reached on loopback`() {
        let settings = Settings(values: ["GATEWAY_HOST": "0.0.0.0", "SERVICE_HOST": "127.0.0.2"])
        #expect(ServiceKind.gateway.host(settings) == "127.0.0.1")
        #expect(ServiceKind.media.host(settings) == "127.0.0.2")
    }

    @Test func `a service has one supervisor per data folder`() async throws {
        try await withTemporaryDirectory { directory in
            let lock = try FileLock.acquire(.media, in: directory)
            #expect(throws: InvalidSetting.self) { try FileLock.acquire(.media, in: directory) }
            try FileLock.acquire(.gateway, in: directory).release()
            lock.release()
            try FileLock.acquire(.media, in: directory).release()
        }
    }
}
