import Bus
import Contracts
import HTTP
import NIOCore
import ServiceKit
import Synchronization
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5)))
struct CallTests {
    @Test func `a call returns the response`() async throws {
        var table = EndpointTable(service: "sample-svc")
        table.serve(Samples.Echo.self) { request, _ in request }
        try await Samples.serving(table) { bus, _ in
            let text = "line\nquote\" back\\slash ünïcödé 🙂"
            let answer = try await bus.call(Samples.Echo(text: text), CallContext())
            #expect(answer.text == text)
        }
    }

    @Test func `concurrent calls return their own responses`() async throws {
        var table = EndpointTable(service: "sample-svc")
        table.serve(Samples.Echo.self) { request, _ in request }
        try await Samples.serving(table) { bus, _ in
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for index in 0..<200 {
                    group.addTask {
                        let request = Samples.Echo(text: "\(index)")
                        return try await bus.call(request, CallContext()) == request
                    }
                }
                for try await isRight in group { #expect(isRight) }
            }
        }
    }

    @Test func `a fault is rethrown unchanged`() async throws {
        let fault = Fault(.limited, "Too much was asked. Wait.", retryAfter: 7)
        var table = EndpointTable(service: "sample-svc")
        table.serve(Samples.Echo.self) { _, _ in throw fault }
        try await Samples.serving(table) { bus, _ in
            _ = await #expect(throws: fault) { _ = try await bus.call(Samples.Echo(text: ""), CallContext()) }
        }
    }

    @Test func `an unexpected error reveals no internal details`() async throws {
        struct Inside: Error { var secret = "hunter2" }
        var table = EndpointTable(service: "sample-svc")
        table.serve(Samples.Echo.self) { _, _ in throw Inside() }
        try await Samples.serving(table) { bus, _ in
            do {
                _ = try await bus.call(Samples.Echo(text: ""), CallContext(requestID: "abc"))
                Issue.record("The call succeeded.")
            } catch let fault as Fault {
                #expect(fault.code == .internal)
                #expect(!fault.message.contains("hunter2"))
                #expect(fault.message.contains("abc"))
            }
        }
    }

    @Test func `the context is transmitted, and the remaining time decreases`() async throws {
        var table = EndpointTable(service: "sample-svc")
        table.serve(Samples.Whoami.self) { _, context in
            Samples.Whoami.Answer(
                user: context.principal?.user,
                requestID: context.requestID,
                traceparent: context.traceparent,
                milliseconds: context.deadline.map { ($0 - .now).milliseconds }
            )
        }
        try await Samples.serving(table) { bus, _ in
            let context = CallContext(
                principal: Principal(user: "zoë; role=admin\r\n%00", role: .user),
                requestID: "request-1",
                traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                deadline: .now + .seconds(20)
            )
            let answer = try await bus.call(Samples.Whoami(), context)
            #expect(answer.user == "zoë; role=admin\r\n%00")
            #expect(answer.requestID == "request-1")
            #expect(answer.traceparent == context.traceparent)
            let left = try #require(answer.milliseconds)
            #expect(left > 0 && left < 20_000)
        }
    }

    @Test(arguments: [true, false])
    func `a call cancelled through its handle throws without cancelling the task`(_ isBefore: Bool) async throws {
        let (entered, left) = (Counted(), Counted())
        var table = EndpointTable(service: "sample-svc")
        table.serve(Samples.Wait.self) { _, _ in
            entered.add()
            do { try await Task.sleep(for: .seconds(3600)) } catch {
                left.add()
                throw error
            }
            return Done()
        }
        try await Samples.serving(table) { bus, _ in
            var context = CallContext()
            let canceller = CallCanceller()
            context.canceller = canceller
            if isBefore { canceller.cancel() }
            async let call = bus.call(Samples.Wait(), context)
            if !isBefore {
                try await eventually("The call") { entered.count == 1 }
                canceller.cancel()
            }
            do {
                _ = try await call
                Issue.record("The call succeeded.")
            } catch {
                #expect(error is CancellationError)
                #expect(!Task.isCancelled)
            }
            try await eventually("The cancellation in the service") { left.count == entered.count }
        }
    }

    @Test func `a call whose deadline has passed is not sent`() async throws {
        let calls = Counted()
        var table = EndpointTable(service: "sample-svc")
        table.serve(Samples.Echo.self) { request, _ in
            calls.add()
            return request
        }
        try await Samples.serving(table) { bus, _ in
            let context = CallContext(deadline: .now - .seconds(1))
            do {
                _ = try await bus.call(Samples.Echo(text: ""), context)
                Issue.record("The call succeeded.")
            } catch let fault as Fault {
                #expect(fault.code == .timeout)
            }
            #expect(calls.count == 0)
        }
    }

    @Test func `a call that exceeds its deadline is cancelled in the service`() async throws {
        let cancelled = Counted()
        let table = waiting(cancelled)
        try await Samples.serving(table) { bus, _ in
            do {
                _ = try await bus.call(Samples.Wait(), CallContext(deadline: .now + .seconds(5)))
                Issue.record("The call succeeded.")
            } catch let fault as Fault {
                #expect(fault.code == .timeout)
            }
            try await eventually("The cancellation") { cancelled.count == 1 }
        }
    }

    @Test func `cancelling a call cancels the work two hops away`() async throws {
        let cancelled = Counted()
        let far = waiting(cancelled)
        try await Samples.serving(far) { farBus, _ in
            var near = EndpointTable(service: "near-svc")
            near.serve(Samples.Wait.self) { request, context in try await farBus.call(request, context) }
            try await Samples.serving(near) { nearBus, _ in
                let call = Task { try await nearBus.call(Samples.Wait(), CallContext()) }
                try await eventually("The call's arrival") { cancelled.started == 1 }
                call.cancel()
                await #expect(throws: CancellationError.self) { _ = try await call.value }
                try await eventually("The cancellation") { cancelled.count == 1 }
            }
        }
    }

    @Test func `a wrong bus secret is rejected`() async throws {
        var table = EndpointTable(service: "sample-svc")
        table.serve(Samples.Echo.self) { request, _ in request }
        try await Samples.serving(table) { _, port in
            let stranger = try Samples.bus(port: port, token: "something else")
            do {
                _ = try await stranger.call(Samples.Echo(text: ""), CallContext())
                Issue.record("The call succeeded.")
            } catch let fault as Fault {
                #expect(fault.code == .unauthorized)
            }
        }
    }

    @Test func `a peer that accepts no connections is unreachable`() async throws {
        let bus = try Samples.bus(port: 1)
        do {
            _ = try await bus.call(Samples.Echo(text: ""), CallContext(deadline: .now + .seconds(10)))
            Issue.record("The call succeeded.")
        } catch let fault as Fault {
            #expect(fault.code == .unreachable)
            #expect(fault.message.contains("sample-svc"))
        }
    }

    private func waiting(_ cancelled: Counted) -> EndpointTable {
        var table = EndpointTable(service: "sample-svc")
        table.serve(Samples.Wait.self) { _, _ in
            cancelled.start()
            do {
                try await Task.sleep(for: .seconds(3600))
            } catch {
                cancelled.add()
                throw error
            }
            return Done()
        }
        return table
    }
}

/// Thread-safe counters.
final class Counted: Sendable {
    private let state = Mutex((count: 0, started: 0))

    var count: Int { state.withLock { $0.count } }
    var started: Int { state.withLock { $0.started } }

    func add() {
        state.withLock { $0.count += 1 }
    }

    func start() {
        state.withLock { $0.started += 1 }
    }
}
