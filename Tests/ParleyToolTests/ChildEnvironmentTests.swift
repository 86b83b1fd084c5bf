import Foundation
import ServiceKit
import TestSupport
import Testing

@testable import ParleyTool

@Suite struct ChildEnvironmentTests {
    @Test func `only inference-svc receives the keys that PROVIDERS_FILE names`() async throws {
        try await withTemporaryDirectory { directory in
            let file = directory + "/providers.json"
            try """
            {"providers":[{"name":"vllm","base_url":"http://127.0.0.1:1/v1","api_key_env":"VLLM_API_KEY"}]}
            """.write(toFile: file, atomically: true, encoding: .utf8)
            let settings = Settings(values: ["PROVIDERS_FILE": file, "VLLM_API_KEY": "key-of-vllm"])
            let plan = try ServicePlan(settings: settings, only: nil, executable: "/bin/sh")
            for service in ServiceKind.allCases {
                let variables = ChildEnvironment(service: service, plan: plan, instance: "x")
                    .variables(inheritedFrom: ["VLLM_API_KEY": "key-of-vllm"])
                #expect(variables["VLLM_API_KEY"] == (service == .inference ? "key-of-vllm" : nil), "\(service)")
            }
        }
    }

    @Test func `a child receives variables of the system and the settings of its service only`() throws {
        let settings = Settings(values: ["OPENAI_API_KEY": "sk", "MEDIA_PORT": "1", "LOG_LEVEL": "debug"])
        let plan = try ServicePlan(settings: settings, only: "media", executable: "/bin/sh")
        let variables = ChildEnvironment(service: .media, plan: plan, instance: "x")
            .variables(inheritedFrom: ["PATH": "/bin", "LC_ALL": "C", "AWS_SECRET": "s", "OPENAI_API_KEY": "sk"])
        #expect(
            variables == [
                "PATH": "/bin", "LC_ALL": "C", "MEDIA_PORT": "1", "LOG_LEVEL": "debug", "PARLEY_SUPERVISED": "1",
                "PARLEY_INSTANCE": "x", "PARLEY_LOG_FILE": "./data/logs/media-svc.log",
            ]
        )
    }
}
