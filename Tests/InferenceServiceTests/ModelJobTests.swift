import Bus
import Contracts
import Foundation
import TestSupport
import Testing

@testable import InferenceService

/// Pulling and creating models as jobs over the bus, on real sockets.
@Suite(.timeLimit(.minutes(5))) struct ModelJobTests {
    private static let context = CallContext()
    /// A pull that reports one layer and never ends.
    private static let endless = FakeResponse.chat(
        lines: FakeResponse.pullLines(
            [.init("sha256:aaaaaaaaaaaaaaaa", total: 1000, steps: [0, 10, 250])],
            succeeds: false
        )
    ).stalledBeforeEnd

    private func pull(_ model: String, _ bus: HTTPBus) async throws -> Models.StartedJob {
        try await bus.call(Models.Pull(model: model), Self.context)
    }

    /// All states that a watcher receives until the job's end.
    private func follow(_ id: ModelJob.ID, _ bus: HTTPBus) async throws -> [ModelJob] {
        var jobs: [ModelJob] = []
        for try await job in try await bus.stream(Models.FollowPull(id: id), Self.context) { jobs.append(job) }
        return jobs
    }

    @Test func `a pulled model is listed immediately`() async throws {
        try await withFakeOllama { ollama in
            try await withInference(["OLLAMA_BASE_URL": ollama.url]) { bus in
                let begun = try await pull("ollama/qwen3:8b", bus)
                #expect(begun.isNew && begun.job.kind == .pull && begun.job.model == "ollama/qwen3:8b")
                let last = try #require(try await follow(begun.job.id, bus).last)
                #expect(last.state == .completed && last.status == "success" && last.fault == nil)
                #expect(last.totalBytes == 2030 && last.completedBytes == 2030 && last.layers.count == 2)
                #expect(last.endedAt != nil)
                let reports = try await bus.call(Models.List(), Self.context)
                #expect(reports.first?.models.map(\.name).contains("ollama/qwen3:8b") == true)
                let request = try #require(ollama.requests("/api/pull").first)
                #expect(request.body == #"{"model":"qwen3:8b","stream":true}"#)
                // A watcher after the end receives the final state.
                let again = try await follow(begun.job.id, bus)
                #expect(again == [last])
                let jobs = try await bus.call(Models.Pulls(), Self.context)
                #expect(jobs == [last])
            }
        }
    }

    @Test func `a job continues without its client, can be joined again, and is never duplicated`() async throws {
        try await withFakeOllama { ollama in
            ollama.always("/api/pull", Self.endless)
            try await withInference(["OLLAMA_BASE_URL": ollama.url]) { bus in
                let first = try await pull("big", bus)
                let stream = try await bus.stream(Models.FollowPull(id: first.job.id), Self.context)
                let seen = try #require(try await stream.nextBatch())
                #expect(seen.first?.id == first.job.id)
                stream.close()
                for name in ["ollama/big", "big:latest", "ollama/library/big", "BIG"] {
                    let again = try await pull(name, bus)
                    #expect(!again.isNew && again.job.id == first.job.id, "\(name)")
                }
                try await eventually {
                    let jobs = try await bus.call(Models.Pulls(), Self.context)
                    return jobs.map(\.completedBytes) == [250]
                }
                // A late watcher first receives the current state.
                let late = try await bus.stream(Models.FollowPull(id: first.job.id), Self.context)
                let state = try #require(try await late.nextBatch()?.first)
                #expect(state.state == .running && state.completedBytes == 250 && state.totalBytes == 1000)
                #expect(state.status == "pulling aaaaaaaaaaaa")
                late.close()
                #expect(ollama.requests("/api/pull").count == 1)
                #expect(ollama.requests("/api/pull").first?.isAbandoned == false)
            }
        }
    }

    @Test func `cancelling a job closes Ollama's connection and notifies every watcher`() async throws {
        try await withFakeOllama { ollama in
            ollama.always("/api/pull", Self.endless)
            try await withInference(["OLLAMA_BASE_URL": ollama.url]) { bus in
                let id = try await pull("big", bus).job.id
                async let one = follow(id, bus)
                async let other = follow(id, bus)
                try await eventually { ollama.requests("/api/pull").count == 1 }
                let job = try await bus.call(Models.CancelPull(id: id), Self.context)
                #expect(job.state == .cancelled && job.fault == nil && job.endedAt != nil)
                try await eventually { ollama.requests("/api/pull").first?.isAbandoned == true }
                let ends = try await [one.last?.state, other.last?.state]
                #expect(ends == [.cancelled, .cancelled])
                // Cancelling twice is idempotent, and the next pull is a new job.
                let again = try await bus.call(Models.CancelPull(id: id), Self.context)
                #expect(again == job)
                let next = try await pull("big", bus)
                #expect(next.isNew && next.job.id != id)
            }
        }
    }

    @Test func `two models are pulled concurrently`() async throws {
        try await withFakeOllama { ollama in
            ollama.always("/api/pull", Self.endless)
            try await withInference(["OLLAMA_BASE_URL": ollama.url]) { bus in
                let first = try await pull("one", bus)
                let second = try await pull("two", bus)
                #expect(first.job.id != second.job.id)
                try await eventually { ollama.requests("/api/pull").count == 2 }
                _ = try await bus.call(Models.CancelPull(id: first.job.id), Self.context)
                let jobs = try await bus.call(Models.Pulls(), Self.context)
                #expect(jobs.map(\.state) == [.running, .cancelled])
                #expect(jobs.map(\.model) == ["ollama/two", "ollama/one"])
            }
        }
    }

    @Test func `too many jobs are rejected, and joining one does not count`() async throws {
        try await withFakeOllama { ollama in
            ollama.always("/api/pull", Self.endless)
            try await withInference(["OLLAMA_BASE_URL": ollama.url]) { bus in
                for number in 0..<8 { _ = try await pull("model\(number)", bus) }
                await #expect { try await pull("model8", bus) } throws: { ($0 as? Fault)?.code == .limited }
                let joined = try await pull("model3", bus)
                #expect(!joined.isNew)
            }
        }
    }

    @Test func `shutdown ends jobs and notifies their watchers`() async throws {
        try await withFakeOllama { ollama in
            ollama.always("/api/pull", Self.endless)
            let watching = try await withInference(["OLLAMA_BASE_URL": ollama.url]) { bus in
                let id = try await pull("big", bus).job.id
                try await eventually { ollama.requests("/api/pull").count == 1 }
                let stream = try await bus.stream(Models.FollowPull(id: id), Self.context)
                _ = try await stream.nextBatch()
                return Task {
                    var last: ModelJob?
                    for try await job in stream { last = job }
                    return last
                }
            }
            let last = try #require(try await watching.value)
            #expect(last.state == .interrupted)
            #expect(last.fault?.message.contains("Start the job again") == true)
            try await eventually { ollama.requests("/api/pull").first?.isAbandoned == true }
        }
    }

    @Test func `only names of Ollama's own registry can be pulled, created and deleted`() async throws {
        let wrong = [
            "", "../x", "hf.co/a/b", "ollama/hf.co/a/b", "hf.co/a", "ollama/127.0.0.1/x", "127.0.0.1:5000/a/b",
            "http://x/y",
            "x@sha256:1", "openai/gpt-4o", "demo/demo", "a/b/c", "a//b", "ollama/", "x y", "x\n", "ollama/a/../b",
        ]
        try await withFakeOllama { ollama in
            let settings = ["OLLAMA_BASE_URL": ollama.url, "OPENAI_API_KEY": "x", "OPENAI_BASE_URL": ollama.url]
            try await withInference(settings) { bus in
                for name in wrong {
                    await #expect(throws: Fault.self, "\(name)") { try await pull(name, bus) }
                    let create = Models.Create(model: name, from: "llama3.2")
                    await #expect(throws: Fault.self, "\(name)") { try await bus.call(create, Self.context) }
                    let from = Models.Create(model: "mine", from: name)
                    await #expect(throws: Fault.self, "\(name)") { try await bus.call(from, Self.context) }
                    let delete = Models.Delete(model: name)
                    await #expect(throws: Fault.self, "\(name)") { try await bus.call(delete, Self.context) }
                }
                for path in ["/api/pull", "/api/create"] { #expect(ollama.requests(path).isEmpty) }
                let jobs = try await bus.call(Models.Pulls(), Self.context)
                #expect(jobs.isEmpty)
            }
        }
    }

    @Test func `an unknown job is not found`() async throws {
        try await withInference { bus in
            let id = ModelJob.ID()
            await #expect { _ = try await bus.call(Models.CancelPull(id: id), Self.context) } throws: {
                ($0 as? Fault)?.code == .missing
            }
            await #expect { _ = try await bus.stream(Models.FollowPull(id: id), Self.context) } throws: {
                ($0 as? Fault)?.code == .missing
            }
        }
    }
}
