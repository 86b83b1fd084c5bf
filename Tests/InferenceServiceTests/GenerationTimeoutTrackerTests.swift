import Testing

@testable import InferenceService

@Suite struct GenerationTimeoutTrackerTests {
    private let start = ContinuousClock.now
    private let limits = GenerationTimeouts(firstToken: .seconds(10), gap: .seconds(5), whole: .seconds(60))

    @Test func `the first token has its own limit`() {
        let pace = GenerationTimeoutTracker(limits: limits, start: start)
        #expect(pace.verdict(at: start) == .lookAgain(at: start + .seconds(10)))
        #expect(pace.verdict(at: start + .seconds(10)) == .passed(.firstToken))
    }

    @Test func `a gap counts from when more was asked for`() {
        var pace = GenerationTimeoutTracker(limits: limits, start: start)
        pace.progress()
        pace.wait(at: start + .seconds(20))
        pace.wait(at: start + .seconds(22))
        #expect(pace.verdict(at: start + .seconds(24)) == .lookAgain(at: start + .seconds(25)))
        #expect(pace.verdict(at: start + .seconds(25)) == .passed(.gap))
        pace.progress()
    }

    @Test func `a reader who takes time is not the provider's silence`() {
        var pace = GenerationTimeoutTracker(limits: limits, start: start)
        pace.progress()
        #expect(pace.verdict(at: start + .seconds(50)) == .lookAgain(at: start + .seconds(55)))
    }

    @Test func `the whole has a limit whatever happens`() {
        var pace = GenerationTimeoutTracker(limits: limits, start: start)
        pace.progress()
        #expect(pace.verdict(at: start + .seconds(58)) == .lookAgain(at: start + .seconds(60)))
        #expect(pace.verdict(at: start + .seconds(60)) == .passed(.whole))
    }

    @Test func `after the finish the farewell must be short`() {
        var pace = GenerationTimeoutTracker(limits: limits, start: start)
        pace.progress(isFinished: true)
        pace.wait(at: start + .seconds(1))
        #expect(pace.verdict(at: start + .seconds(2)) == .passed(.settling))
    }
}
