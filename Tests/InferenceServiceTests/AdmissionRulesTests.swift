import Contracts
import Testing

@testable import InferenceService

/// The pure rules of admission: which error is reported, whether a target is asked again, and the deadlines.
@Suite struct AdmissionRulesTests {
    private let now = ContinuousClock.now

    private func error(_ cause: Cause, _ code: Fault.Code = .provider) -> ProviderError {
        ProviderError(cause, Fault(code, "\(cause) failed."))
    }

    private func attempt(_ outcome: Attempt.Outcome) -> Attempt {
        Attempt(model: "a/b", outcome: outcome, milliseconds: 1)
    }

    @Test func `the first real error is reported, and skips only if there is nothing else`() {
        var log = AdmissionLog()
        log.add(attempt(.skipped), error(.circuitOpen, .unavailable), window: nil)
        #expect(log.result.message == "circuitOpen failed.")
        log.add(attempt(.failed), error(.spent, .quotaExceeded), window: nil)
        log.add(attempt(.failed), error(.failed), window: nil)
        log.add(attempt(.skipped), error(.circuitOpen), window: nil)
        #expect(log.result.message == "spent failed.")
        #expect(log.result.attempts?.count == 4)
        #expect(AdmissionLog().result.code == .missing)
        #expect(AdmissionLog(earlier: error(.modelMissing)).result.message == "modelMissing failed.")
    }

    @Test func `a context that is too long needs a larger window`() {
        var log = AdmissionLog()
        var target = Target(server: "a", model: "b")
        #expect(log.mayHelp(target))
        log.add(attempt(.failed), error(.contextTooLong), window: 8192)
        for (window, mayHelp) in [(4096, false), (8192, false), (8193, true), (nil, true)] as [(Int?, Bool)] {
            target.window = window
            #expect(log.mayHelp(target) == mayHelp)
        }
        log.add(attempt(.failed), error(.contextTooLong), window: 4096)
        target.window = 8192
        #expect(!log.mayHelp(target))
    }

    @Test func `silence is asked again only at the last target, and only if it costs nothing`() {
        let policy = RetryPolicy(limit: 2, firstPause: .milliseconds(1))
        for cause in [Cause.silent, .stalled, .late, .empty] {
            for (isLast, isFree) in [(true, true), (true, false), (false, true), (false, false)] {
                let pause = RetryDecision(policy: policy, isLast: isLast, isFree: isFree)
                    .pause(after: error(cause), tries: 0, timeLeft: .seconds(60))
                #expect((pause != nil) == (isLast && isFree), "\(cause), last: \(isLast), free: \(isFree)")
            }
        }
    }

    @Test(arguments: Cause.allCases) func `the table decides about retries`(_ cause: Cause) {
        let policy = RetryPolicy(limit: 1, firstPause: .milliseconds(1))
        let decision = RetryDecision(policy: policy, isLast: true, isFree: true)
        let pause = decision.pause(after: error(cause), tries: 0, timeLeft: .seconds(60))
        #expect((pause == nil) == (cause.consequence.sameTarget == .never))
        #expect(decision.pause(after: error(cause), tries: 1, timeLeft: .seconds(60)) == nil)
        #expect(decision.pause(after: error(cause), tries: 0, timeLeft: .zero) == nil)
    }

    @Test func `a fallback now is better than a long pause`() {
        let busy = ProviderError(.limited, Fault(.limited, "x"), delay: .seconds(10))
        for (isLast, isRetried) in [(true, true), (false, false)] {
            let decision = RetryDecision(policy: RetryPolicy(), isLast: isLast, isFree: false)
            #expect((decision.pause(after: busy, tries: 0, timeLeft: .seconds(60)) != nil) == isRetried)
        }
    }

    @Test func `each fallback keeps its share of the deadline`() {
        let end = now + .seconds(90)
        #expect(AdmissionDeadline.beginning(now, until: end, fallbacks: 0) == end)
        #expect(AdmissionDeadline.beginning(now, until: end, fallbacks: 1) == now + .seconds(45))
        #expect(AdmissionDeadline.beginning(now, until: end, fallbacks: 2) == now + .seconds(30))
        #expect(AdmissionDeadline.beginning(now, until: now - .seconds(1), fallbacks: 2) == now)
    }

    @Test func `timeouts fit into the share and the deadline`() {
        var target = Target(server: "a", model: "b")
        let limits = GenerationTimeouts(firstToken: .seconds(60), whole: .seconds(600))
        func timeouts(_ share: Int, _ deadline: Int) -> GenerationTimeouts {
            AdmissionDeadline.timeouts(
                limits,
                target,
                now: now,
                beginning: now + .seconds(share),
                deadline: now + .seconds(deadline)
            )
        }
        #expect(timeouts(1000, 1000) == limits)
        #expect(timeouts(10, 1000).firstToken == .seconds(10))
        #expect(timeouts(10, 1000).whole == .seconds(600), "An answer that has begun may take the whole time.")
        #expect(timeouts(20, 20).whole == .seconds(20))
        target.limits.firstToken = .seconds(5)
        #expect(timeouts(1000, 1000).firstToken == .seconds(5))
    }

    @Test func `waiting is shorter where a fallback exists`() {
        var limits = GenerationTimeouts()
        limits.queue = .seconds(300)
        limits.queueBeforeFallback = .seconds(5)
        #expect(AdmissionDeadline.wait(limits, left: .seconds(600), hasFallback: false) == .seconds(300))
        #expect(AdmissionDeadline.wait(limits, left: .seconds(600), hasFallback: true) == .seconds(5))
        #expect(AdmissionDeadline.wait(limits, left: .seconds(2), hasFallback: true) == .seconds(2))
        #expect(AdmissionDeadline.wait(limits, left: .seconds(-2), hasFallback: false) == .zero)
    }
}
