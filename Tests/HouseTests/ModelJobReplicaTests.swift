import Bus
import Contracts
import Foundation
import HTTP
import InferenceService
import NIOCore
import NIOHTTP1
import ServiceKit
import TestSupport
import Testing

/// Jobs of several replicas of inference-svc through the gateway.
@Suite(.timeLimit(.minutes(5)))
struct ModelJobReplicaTests {
    @Test func `jobs are found, followed and cancelled on every replica, although another one is dead`() async throws {
        try await withFakeOllama { ollama in
            // A pull that waits until it is cancelled.
            ollama.always("/api/pull", FakeResponse.pull().cut(after: FakeResponse.pull().headLength, .stall))
            let settings = [
                "OLLAMA_BASE_URL": ollama.url, "BUS_TOKEN": ServiceStack.token, "INFERENCE_PORT": "0",
            ]
            let dead = try await unreachableURL()
            let first = try await InferenceService.unit(settings: Settings(values: settings))
            let second = try await InferenceService.unit(settings: Settings(values: settings))
            try await withRunning(first) { firstPort in
                try await withRunning(second) { secondPort in
                    let urls = [firstPort, secondPort].map { "http://127.0.0.1:\($0)" }
                    var jobs: [ModelJob.ID] = []
                    for (url, model) in zip(urls, ["one", "two"]) {
                        let bus = try HTTPBus(
                            peer: "inference-svc",
                            urls: [url],
                            token: ServiceStack.token,
                            client: HTTPClient()
                        )
                        jobs.append(try await bus.call(Models.Pull(model: model), CallContext()).job.id)
                    }
                    let all = ["INFERENCE_URL": ([dead] + urls).joined(separator: ","), "AUTH_MODE": "off"]
                    try await ServiceStack.with(settings: all) { stack in try await check(jobs, stack) }
                }
            }
        }
    }

    private func check(_ jobs: [ModelJob.ID], _ stack: ServiceStack) async throws {
        let list = try await ask(stack, "GET", "/api/v1/models/pulls")
        for job in jobs { #expect(list.body.contains("\(job)")) }
        for job in jobs {
            async let events = ask(stack, "GET", "/api/v1/models/pulls/\(job)/events")
            let cancelled = try await ask(stack, "DELETE", "/api/v1/models/pulls/\(job)")
            #expect(cancelled.status == 200)
            #expect(cancelled.body.contains(#""state":"cancelled""#))
            let followed = try await events
            #expect(followed.status == 200 && followed.body.contains("cancelled"))
        }
        // The dead replica may have it.
        let unknown = try await ask(stack, "GET", "/api/v1/models/pulls/\(ModelJob.ID())/events")
        #expect(unknown.status == 503)
    }

    private func ask(
        _ stack: ServiceStack,
        _ method: String,
        _ path: String
    ) async throws -> (
        status: Int, body: String
    ) {
        let response = try await HTTPClient().send(
            HTTPClient.Request(method: .init(rawValue: method), url: "http://127.0.0.1:\(stack.gateway)\(path)")
        )
        return (response.status, String(buffer: try await response.body.collect(upTo: 1 << 20)))
    }
}
