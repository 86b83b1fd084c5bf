import Testing

@testable import InferenceService

@Suite struct GenerationTimeoutTrackerTests {
    private let start = ContinuousClock.now
    private let limits = GenerationTimeouts(firstToken: .seconds(10), gap: .seconds(5), whole: .seconds(60))

    @Test func `the first token has its own timeout`() {
        let pace = GenerationTimeoutTracker(limits: limits, start: start)
        #expect(pace.status(at: start) == .pending(until: start + .seconds(10)))
        #expect(pace.status(at: start + .seconds(10)) == .expired(.firstToken))
    }

    @Test func `the gap timeout starts with the wait for more output`() {
        var pace = GenerationTimeoutTracker(limits: limits, start: start)
        pace.progress()
        pace.wait(at: start + .seconds(20))
        pace.wait(at: start + .seconds(22))
        #expect(pace.status(at: start + .seconds(24)) == .pending(until: start + .seconds(25)))
        #expect(pace.status(at: start + .seconds(25)) == .expired(.gap))
        pace.progress()
    }

    @Test func `the silence of the provider is known`() {
        var pace = GenerationTimeoutTracker(limits: limits, start: start)
        #expect(pace.silence(at: start + .seconds(3)) == .seconds(3))
        pace.progress()
        #expect(pace.silence(at: start + .seconds(4)) == .zero)
        pace.wait(at: start + .seconds(5))
        #expect(pace.silence(at: start + .seconds(7)) == .seconds(2))
    }

    @Test func `a slow reader does not count as silence of the provider`() {
        var pace = GenerationTimeoutTracker(limits: limits, start: start)
        pace.progress()
        #expect(pace.status(at: start + .seconds(50)) == .pending(until: start + .seconds(55)))
    }

    @Test func `the total timeout always applies`() {
        var pace = GenerationTimeoutTracker(limits: limits, start: start)
        pace.progress()
        #expect(pace.status(at: start + .seconds(58)) == .pending(until: start + .seconds(60)))
        #expect(pace.status(at: start + .seconds(60)) == .expired(.whole))
    }

    @Test func `the response must end soon after the finish`() {
        var pace = GenerationTimeoutTracker(limits: limits, start: start)
        pace.progress(isFinished: true)
        pace.wait(at: start + .seconds(1))
        #expect(pace.status(at: start + .seconds(2)) == .expired(.settling))
    }
}
