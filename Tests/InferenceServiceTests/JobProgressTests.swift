import Bus
import Contracts
import NIOCore
import Testing

@testable import InferenceService

@Suite struct JobProgressTests {
    private func line(_ text: String) throws -> JobStep {
        try JobStep(ollama: ByteBuffer(string: text))
    }

    @Test func `bytes are counted over known layers`() throws {
        var progress = JobProgress(begunAt: .now)
        for text in [
            #"{"status":"pulling manifest"}"#, #"{"status":"pulling a","digest":"sha256:a","total":100}"#,
            #"{"status":"pulling b","digest":"sha256:b","total":50,"completed":50}"#,
            #"{"status":"pulling a","digest":"sha256:a","total":100,"completed":40}"#,
            #"{"status":"pulling a","digest":"sha256:a","total":100,"completed":700}"#,
            #"{"status":"pulling c","digest":"sha256:c","completed":7}"#,
        ] { progress.apply(try line(text), at: .now) }
        var job = ModelJob(id: ModelJob.ID(), kind: .pull, model: "x", startedAt: .now())
        progress.copy(to: &job)
        #expect(job.layers.map(\.digest) == ["sha256:a", "sha256:b"])
        #expect(job.totalBytes == 150 && job.completedBytes == 150)
        #expect(!progress.isDone)
        progress.apply(try line(#"{"status":"success"}"#), at: .now)
        #expect(progress.isDone)
    }

    @Test func `invalid sizes are ignored, and the number of layers is limited`() throws {
        for size in ["-1", "9223372036854775807", "1e99", "\"5\"", "null", "99999999999999999999"] {
            #expect(try line("{\"status\":\"x\",\"digest\":\"d\",\"total\":\(size)}").total == nil, "\(size)")
        }
        var progress = JobProgress(begunAt: .now)
        for number in 0..<10_000 {
            progress.apply(try line("{\"digest\":\"\(number)\",\"total\":1125899906842624,\"completed\":1}"), at: .now)
        }
        #expect(progress.layers.count == 256)
        var job = ModelJob(id: ModelJob.ID(), kind: .pull, model: "x", startedAt: .now())
        progress.copy(to: &job)
        #expect(job.completedBytes == 256)
    }

    @Test func `only new information extends the deadline`() throws {
        let limits = JobProgress.Limits(fetching: .seconds(10), working: .seconds(100))
        let start = ContinuousClock.now
        var progress = JobProgress(begunAt: start)
        #expect(progress.deadline(limits) == start + .seconds(10))
        let fetching = try line(#"{"status":"pulling a","digest":"a","total":9,"completed":1}"#)
        progress.apply(fetching, at: start + .seconds(1))
        progress.apply(fetching, at: start + .seconds(5))
        #expect(progress.deadline(limits) == start + .seconds(11))
        progress.apply(try line(#"{"status":"verifying"}"#), at: start + .seconds(6))
        #expect(progress.deadline(limits) == start + .seconds(106))
        progress.apply(fetching, at: start + .seconds(7))
        #expect(progress.deadline(limits) == start + .seconds(16))
        progress.apply(try line(#"{"digest":"a","total":9,"completed":2}"#), at: start + .seconds(8))
        #expect(progress.deadline(limits) == start + .seconds(18))
    }

    @Test func `a job that goes back and forth makes no progress`() throws {
        let limits = JobProgress.Limits(fetching: .seconds(10), working: .seconds(100))
        let start = ContinuousClock.now
        var progress = JobProgress(begunAt: start)
        for second in 1...1000 {
            let completed = second % 2 == 0 ? 5 : 1
            let text = "{\"status\":\"pulling \(second % 3)\",\"digest\":\"a\",\"total\":9,\"completed\":\(completed)}"
            progress.apply(try line(text), at: start + .seconds(second))
        }
        #expect(progress.deadline(limits) == start + .seconds(13))
        #expect(progress.layers.first?.completedBytes == 5)
    }

    @Test func `a watcher sees the latest state and may skip others`() async throws {
        let publisher = JobPublisher(ModelJob(id: ModelJob.ID(), kind: .pull, model: "x", startedAt: .now()))
        let stream = publisher.watch(pace: .zero)
        #expect(try await stream.nextBatch()?.first?.status == "")
        for number in 1...1000 { publisher.change { $0.status = "\(number)" } }
        #expect(try await stream.nextBatch()?.first?.status == "1000")
        publisher.change { $0.state = .completed }
        publisher.change { $0.status = "too late" }
        let last = try await stream.nextBatch()
        #expect(last?.first?.state == .completed && last?.first?.status == "1000")
        #expect(try await stream.nextBatch() == nil)
    }

    @Test(.timeLimit(.minutes(5))) func `a waiting watcher can be cancelled`() async throws {
        let publisher = JobPublisher(ModelJob(id: ModelJob.ID(), kind: .pull, model: "x", startedAt: .now()))
        let stream = publisher.watch(pace: .zero)
        _ = try await stream.nextBatch()
        let waiting = Task { try await stream.nextBatch() }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
    }
}
