import ServiceKit
import TestSupport
import Testing

@testable import ParleyTool

@Suite struct ServicePlanTests {
    /// The sentence with which a plan is refused; `nil` when it is not.
    private func refusal(_ values: [String: String] = [:], only: String? = nil, folder: String = "/bin") -> String? {
        do {
            _ = try ServicePlan(settings: Settings(values: values), only: only, options: [], folder: folder)
            return nil
        } catch {
            return "\(error)"
        }
    }

    @Test func `a service that does not exist is refused by name`() {
        #expect(
            refusal(only: "gateway,conversations")
                == "--only names conversations, which is not one of: gateway, conversation, inference, media, transcription."
        )
    }

    @Test func `a service is planned once, and nothing is no plan`() {
        #expect(refusal(only: "")?.contains("--only names no service") == true)
        #expect(refusal(only: "media,media")?.contains("/bin/media-svc is missing") == true)
    }

    @Test func `an executable that is missing is named`() {
        #expect(refusal(only: "media")?.contains("/bin/media-svc is missing. Run make build.") == true)
    }

    @Test func `two services cannot have one port`() {
        #expect(refusal(["MEDIA_PORT": "8001"])?.contains("same port") == true)
    }

    @Test func `a port that is no port is refused`() {
        #expect(refusal(["MEDIA_PORT": "http"])?.contains("MEDIA_PORT") == true)
    }

    @Test func `a service is asked on loopback when it binds to all addresses`() {
        let settings = Settings(values: ["GATEWAY_HOST": "0.0.0.0", "SERVICE_HOST": "127.0.0.2"])
        #expect(ServiceKind.gateway.host(settings) == "127.0.0.1")
        #expect(ServiceKind.media.host(settings) == "127.0.0.2")
    }

    @Test func `one service has one supervisor on one folder`() async throws {
        try await withTemporaryDirectory { directory in
            let lock = try FileLock.take(.media, in: directory)
            #expect(throws: InvalidSetting.self) { try FileLock.take(.media, in: directory) }
            try FileLock.take(.gateway, in: directory).release()
            lock.release()
            try FileLock.take(.media, in: directory).release()
        }
    }
}
