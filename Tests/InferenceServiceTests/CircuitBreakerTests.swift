import Testing

@testable import InferenceService

@Suite struct CircuitBreakerTests {
    private let start = ContinuousClock.now

    @Test func `five failures in a row open the breaker with the first pause`() {
        var breaker = CircuitBreaker()
        for _ in 0..<4 { breaker.failed(at: start) }
        #expect(breaker.admit(at: start) == .admitted)
        breaker.failed(at: start)
        #expect(breaker.admit(at: start) == .refused(for: .seconds(1)))
        #expect(breaker.admit(at: start + .milliseconds(400)) == .refused(for: .milliseconds(600)))
    }

    @Test func `a success between failures keeps the breaker closed`() {
        var breaker = CircuitBreaker()
        for _ in 0..<10 {
            for _ in 0..<4 { breaker.failed(at: start) }
            for _ in 0..<5 { breaker.succeeded(at: start) }
        }
        #expect(!breaker.isOpen)
    }

    @Test func `more than half of twenty failures within the window open the breaker`() {
        var breaker = CircuitBreaker()
        for number in 0..<19 {
            if number % 5 < 2 { breaker.succeeded(at: start) } else { breaker.failed(at: start) }
        }
        #expect(!breaker.isOpen)
        breaker.failed(at: start)
        #expect(breaker.isOpen)
    }

    @Test func `old failures do not count`() {
        var breaker = CircuitBreaker()
        for number in 0..<20 {
            if number % 3 == 2 { breaker.succeeded(at: start) } else { breaker.failed(at: start) }
        }
        #expect(breaker.isOpen)
        var later = CircuitBreaker()
        for _ in 0..<6 {
            later.failed(at: start)
            later.failed(at: start)
            later.succeeded(at: start)
        }
        later.failed(at: start + .seconds(31))
        later.failed(at: start + .seconds(31))
        #expect(!later.isOpen)
    }

    @Test func `one trial is permitted after the pause, and its success closes the breaker`() {
        var breaker = opened()
        let later = start + .seconds(1)
        #expect(breaker.admit(at: later) == .admitted)
        #expect(breaker.admit(at: later) != .admitted)
        breaker.succeeded(at: later)
        #expect(breaker.admit(at: later) == .admitted)
        #expect(!breaker.isOpen)
    }

    @Test func `pauses grow with each failed trial up to four seconds`() {
        var breaker = opened()
        var now = start
        for pause in [1, 2, 4, 4, 4] {
            now += .seconds(pause)
            #expect(breaker.admit(at: now) == .admitted, "After \(pause) s.")
            breaker.failed(at: now)
            #expect(breaker.admit(at: now + .seconds(pause) - .milliseconds(1)) != .admitted)
        }
    }

    @Test func `an abandoned trial permits the next one`() {
        var breaker = opened()
        let later = start + .seconds(1)
        #expect(breaker.admit(at: later) == .admitted)
        breaker.abandoned(at: later)
        #expect(breaker.admit(at: later) == .admitted)
    }

    @Test func `a trial without a result permits another one after a while`() {
        var breaker = opened()
        #expect(breaker.admit(at: start + .seconds(1)) == .admitted)
        #expect(breaker.admit(at: start + .seconds(60)) != .admitted)
        #expect(breaker.admit(at: start + .seconds(61)) == .admitted)
    }

    @Test func `a trial that begins to answer closes the breaker until its answer breaks off`() {
        var breaker = opened()
        let later = start + .seconds(1)
        #expect(breaker.admit(at: later) == .admitted)
        breaker.began(at: later)
        #expect(breaker.refusal(at: later) == nil)
        breaker.failed(at: later)
        #expect(breaker.refusal(at: later) == .seconds(2), "The pause is longer than the first one.")
        #expect(breaker.admit(at: later + .seconds(2)) == .admitted)
        breaker.began(at: later + .seconds(2))
        breaker.succeeded(at: later + .seconds(3))
        for _ in 0..<4 { breaker.failed(at: later + .seconds(4)) }
        #expect(!breaker.isOpen)
    }

    @Test func `asking for the state begins no trial`() {
        var breaker = opened()
        let later = start + .seconds(1)
        #expect(breaker.refusal(at: start) == .seconds(1))
        #expect(breaker.refusal(at: later) == nil)
        #expect(breaker.refusal(at: later) == nil)
        #expect(breaker.admit(at: later) == .admitted)
        #expect(breaker.refusal(at: later) != nil)
    }

    private func opened() -> CircuitBreaker {
        var breaker = CircuitBreaker()
        for _ in 0..<5 { breaker.failed(at: start) }
        return breaker
    }
}
