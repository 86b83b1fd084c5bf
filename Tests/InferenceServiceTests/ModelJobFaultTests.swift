import Bus
import Contracts
import Foundation
import HTTP
import TestSupport
import Testing

@testable import InferenceService

/// A job always ends with a result or an error, whatever Ollama does.
@Suite(.timeLimit(.minutes(5))) struct ModelJobFaultTests {
    private static let begun = FakeResponse.pullLines(
        [.init("sha256:aaaaaaaaaaaaaaaa", total: 1000, steps: [10])],
        succeeds: false
    )

    /// The final state of a pull with a response.
    private func end(
        _ answer: FakeResponse,
        _ limits: JobProgress.Limits = JobProgress.Limits()
    ) async throws -> ModelJob {
        try await withFakeOllama { ollama in
            ollama.always("/api/pull", answer)
            let handlers = try handlers(at: ollama.url, limits)
            let id = try handlers.pull(Models.Pull(model: "x")).job.id
            var last: ModelJob?
            for try await job in try handlers.jobs.watch(id) { last = job }
            try await eventually { ollama.requests("/api/pull").allSatisfy { $0.isAnswered || $0.isAbandoned } }
            return try #require(last)
        }
    }

    private func handlers(at url: String, _ limits: JobProgress.Limits = JobProgress.Limits()) throws -> ModelHandlers {
        let client = HTTPClient(configuration: HTTPClient.Configuration(connectTimeout: .seconds(20)))
        let provider = try OllamaProvider(url: url, isConfigured: true, windowLimit: 8192, client: client)
        return ModelHandlers(
            catalogue: Catalogue(providers: [provider], defaultModel: nil),
            jobs: ModelJobs(limits: .init(pace: .zero)),
            limits: limits
        )
    }

    @Test(arguments: [
        (
            FakeResponse.chat(lines: begun + [#"{"error":"max retries exceeded"}"#]), ModelJob.State.failed,
            Fault.Code.provider
        ),
        (.chat(lines: [#"{"error":"pull model manifest: file does not exist"}"#]), .failed, .missing),
        (.chat(lines: [#"{"error":{"odd":1}}"#]), .failed, .provider),
        (.error(500, "no space left"), .failed, .unavailable),
        (.error(400, "invalid model name"), .failed, .rejected),
        (.error(404, "model 'x' not found"), .failed, .missing),
        (.error(401, "unauthorized"), .failed, .upstreamAuth), (.error(429, "slow down"), .failed, .limited),
        (.json(200, ""), .interrupted, .cut), (.chat(lines: begun), .interrupted, .cut),
        (.chat(lines: begun).cut(after: 200), .interrupted, .cut),
        (.chat(lines: begun).ending(.reset), .interrupted, .cut), (.pull().cut(after: 0), .interrupted, .cut),
        (.chat(lines: begun + ["<html>"]), .failed, .provider), (.raw("garbage"), .failed, .provider),
        (.chat(lines: [String(repeating: "x", count: 2 << 20)]), .failed, .provider),
        (.chat(lines: begun + [#"{"status":"Success"}"#]), .interrupted, .cut),
        (.chat(lines: begun + [#"{"status":null}"#, #"{"status":5}"#, "{}"]), .interrupted, .cut),
    ])
    func `an end without success is an error`(
        _ answer: FakeResponse,
        _ state: ModelJob.State,
        _ code: Fault.Code
    ) async throws {
        let job = try await end(answer)
        #expect(job.state == state)
        #expect(job.fault?.code == code)
        #expect(job.fault?.message.hasSuffix(".") == true)
        if state == .interrupted { #expect(job.fault?.message.contains("Start the job again") == true) }
    }

    @Test func `an unreachable Ollama fails a job with advice`() async throws {
        let handlers = try handlers(at: try await unreachableURL())
        var last: ModelJob?
        for try await job in try handlers.jobs.watch(handlers.pull(Models.Pull(model: "x")).job.id) { last = job }
        #expect(last?.state == .failed)
        #expect(last?.fault?.code == .unavailable)
        #expect(last?.fault?.message.contains("ollama serve") == true)
    }

    @Test func `lines after success are ignored`() async throws {
        let answer = FakeResponse.chat(lines: FakeResponse.pullLines(FakeResponse.layers) + [#"{"error":"late"}"#])
        for answer in [answer.stalledBeforeEnd, answer.ending(.close), answer.ending(.keepAlive)] {
            let job = try await end(answer)
            #expect(job.state == .completed)
        }
    }

    @Test func `the last line needs no newline`() async throws {
        let head = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
        let job = try await end(FakeResponse(head: head, body: #"{"status":"success"}"#.utf8).ending(.close))
        #expect(job.state == .completed)
    }

    @Test func `unknown status texts are shown unchanged`() async throws {
        let lines = Self.begun + [#"{"status":"polishing\u0007 the brass"}"#, #"{"error":"stop"}"#]
        let job = try await end(.chat(lines: lines))
        #expect(job.status == "polishing  the brass")
    }

    @Test func `a job without progress fails, even if its lines repeat`() async throws {
        let limits = JobProgress.Limits(fetching: .milliseconds(300), working: .seconds(60))
        let stalled = try await end(.chat(lines: Self.begun).stalledBeforeEnd, limits)
        #expect(stalled.state == .interrupted)
        #expect(stalled.fault?.code == .timeout)
        let same = Array(repeating: Self.begun[1], count: 3000)
        let repeating = try await end(.chat(lines: same).lineByLine(pause: .milliseconds(5)), limits)
        #expect(repeating.fault?.code == .timeout)
        let silent = try await end(.pull().cut(after: 0, .stall), limits)
        #expect(silent.fault?.code == .timeout)
    }

    @Test func `computing a checksum has a longer timeout`() async throws {
        let limits = JobProgress.Limits(fetching: .seconds(5), working: .seconds(60))
        let lines = Self.begun + [#"{"status":"verifying sha256 digest"}"#, #"{"status":"success"}"#]
        let whole = FakeResponse.chat(lines: lines)
        // All lines but the last at once, and the last one later.
        let text = String(decoding: whole.bytes, as: UTF8.self)
        let place = try #require(text.range(of: "{\"status\":\"success\"")).lowerBound
        let offset = text[..<place].utf8.count
        let job = try await end(whole.split(at: [offset], pause: .seconds(8)), limits)
        #expect(job.state == .completed)
    }

    @Test func `a pull split anywhere ends in the same way`() async throws {
        let answer = FakeResponse.pull()
        try await withFakeOllama { ollama in
            let handlers = try handlers(at: ollama.url)
            for offset in stride(from: 1, to: answer.bytes.count, by: 3) {
                ollama.next("/api/pull", answer.split(at: [offset], pause: .zero))
                let id = try handlers.pull(Models.Pull(model: "x")).job.id
                var last: ModelJob?
                for try await job in try handlers.jobs.watch(id) { last = job }
                #expect(last?.state == .completed && last?.completedBytes == 2030, "Split at \(offset).")
            }
            // A limited number of finished jobs is kept.
            #expect(handlers.jobs.list.count <= 101)
        }
    }

    @Test func `a truncated pull is complete only after success`() async throws {
        let answer = FakeResponse.pull()
        let text = String(decoding: answer.bytes, as: UTF8.self)
        let success = try #require(text.range(of: "\"success\"}"))
        let whole = text[..<success.upperBound].utf8.count
        try await withFakeOllama { ollama in
            let handlers = try handlers(at: ollama.url)
            for count in stride(from: answer.bytes.count - 1, to: 0, by: -2) {
                ollama.next("/api/pull", answer.cut(after: count))
                let id = try handlers.pull(Models.Pull(model: "x")).job.id
                var last: ModelJob?
                for try await job in try handlers.jobs.watch(id) { last = job }
                #expect(last?.state == (count >= whole ? .completed : .interrupted), "Cut after \(count).")
            }
        }
    }
}
