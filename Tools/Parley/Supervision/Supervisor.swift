import Dispatch
import Foundation
import Glibc
import HTTP
import ServiceKit

/// Keeps the services of a plan up: starts them, waits until they are ready, starts again those that die, and drains
/// them all at the end. It ends nothing that it did not start.
actor Supervisor {
    /// How long the drain may take before what is left is killed; a service ends by itself sooner.
    private static let drainLimit = Duration.seconds(26)
    /// How long the gateway may drain alone: it has to tell conversation-svc what was used, and then it is gone at once,
    /// unless answers are going.
    private static let gatewayLimit = Duration.seconds(3)

    private struct Child {
        var process: ChildProcess?
        var policy = RestartPolicy()
        var isReady = false
    }

    private let plan: ServicePlan
    private let start = ContinuousClock.now
    private let client = HTTPClient(configuration: .init(connectTimeout: .seconds(1)))
    private let events: AsyncStream<SupervisorEvent>
    private let sender: AsyncStream<SupervisorEvent>.Continuation
    private var children: [ServiceKind: Child] = [:]
    private var hasBeenUp = false
    private var isStopping = false
    private var areConversationsDraining = false
    private var hasFailed = false

    init(plan: ServicePlan) {
        self.plan = plan
        (events, sender) = AsyncStream.makeStream(of: SupervisorEvent.self, bufferingPolicy: .bufferingNewest(256))
    }

    /// Runs until it is told to stop; returns whether all went as it should.
    func run() async -> Bool {
        let signals = SupervisorSignals.sources(sender)
        defer { for source in signals { source.cancel() } }
        do {
            try LogFolder(plan: plan).prepare()
            try await PortCheck(plan: plan).waitUntilFree()
        } catch {
            Console.printError("parley: \(error)")
            return false
        }
        await withDiscardingTaskGroup { group in
            for service in plan.services where !isStopping { launch(service, in: &group) }
            group.addTask { await LogFolder(plan: self.plan).keepShort() }
            group.addTask { await self.tellProgress() }
            for await event in events {
                handle(event, in: &group)
                if isStopping, children.values.allSatisfy({ $0.process == nil }) { break }
            }
            group.cancelAll()
        }
        Console.print("Parley has stopped.")
        return !hasFailed
    }

    private func handle(_ event: SupervisorEvent, in group: inout DiscardingTaskGroup) {
        switch event {
        case .childEnded: reap(in: &group)
        case .ready(let service, let pid): noteReady(service, pid)
        case .restart(let service): if !isStopping { launch(service, in: &group) }
        case .stop: stop(in: &group)
        case .gatewayWaitedFor: drainConversations()
        case .overdue:
            for child in children.values { child.process?.send(SIGKILL) }
        }
    }

    private func launch(_ service: ServiceKind, in group: inout DiscardingTaskGroup) {
        do {
            let process = try ChildProcess.start(service, plan: plan)
            children[service, default: Child()].process = process
            children[service]?.isReady = false
            group.addTask { await self.watch(process) }
        } catch {
            Console.printError("parley: \(error)")
            fail(in: &group)
        }
    }

    /// Asks a new process again and again whether it is ready.
    private nonisolated func watch(_ process: ChildProcess) async {
        do {
            let service = process.service
            let target = HTTPTarget(host: service.host(plan.settings), port: try service.port(plan.settings))
            let request = HTTPClient.Request(
                target: target,
                path: "/readyz",
                headTimeout: .seconds(1),
                readTimeout: .seconds(1)
            )
            var pause = Duration.milliseconds(5)
            while await isAlive(process) {
                if await isReady(request) {
                    sender.yield(.ready(service, process.pid))
                    return
                }
                try await Task.sleep(for: pause)
                // One that died before the signal of its death could be received is found all the same.
                sender.yield(.childEnded)
                pause = min(pause * 2, .milliseconds(250))
            }
        } catch is CancellationError {
            return
        } catch {
            Console.printError("parley: \(error)")
        }
    }

    private nonisolated func isReady(_ request: HTTPClient.Request) async -> Bool {
        do {
            let response = try await client.send(request)
            defer { response.body.close() }
            return response.status == 200
        } catch {
            // Nobody listens yet.
            return false
        }
    }

    /// Says, while the start takes longer than it should, what is waited for.
    private func tellProgress() async {
        var pause = Duration.seconds(1)
        while !hasBeenUp, !isStopping {
            // A cancelled sleep is the end.
            do { try await Task.sleep(for: pause) } catch { return }
            let waiting = plan.services.filter { children[$0]?.isReady != true }.map(\.executable)
            if !hasBeenUp, !isStopping { Console.print("Waiting for \(waiting.joined(separator: ", ")).") }
            pause = .seconds(5)
        }
    }

    private func isAlive(_ process: ChildProcess) -> Bool {
        children[process.service]?.process?.pid == process.pid
    }

    private func noteReady(_ service: ServiceKind, _ pid: pid_t) {
        guard children[service]?.process?.pid == pid else { return }
        children[service]?.isReady = true
        if hasBeenUp { return Console.print("\(service.executable) is up again.") }
        let waiting = plan.services.filter { children[$0]?.isReady != true }
        guard waiting.isEmpty else { return }
        hasBeenUp = true
        StartupSummary(plan: plan, elapsed: .now - start).print()
    }

    /// Collects the children that have ended; only those that are ours.
    private func reap(in group: inout DiscardingTaskGroup) {
        for (service, child) in children {
            guard let process = child.process else { continue }
            var status: Int32 = 0
            guard waitpid(process.pid, &status, WNOHANG) == process.pid else { continue }
            process.closePipe()
            children[service]?.process = nil
            if isStopping { continueStopping() } else { mourn(process, status: status, in: &group) }
        }
    }

    private func mourn(_ process: ChildProcess, status: Int32, in group: inout DiscardingTaskGroup) {
        let service = process.service
        let wasReady = children[service]?.isReady ?? false
        Console.printError("\(service.executable) ended \(ExitReason.text(status)). Its last lines:")
        for line in process.lastLines(10) { Console.printError("  \(line)") }
        guard wasReady || hasBeenUp || !ExitReason.isErrorExit(status) else {
            Console.printError("parley: \(service.executable) cannot start, so nothing is started.")
            return fail(in: &group)
        }
        let delay = children[service]?.policy.delay(wasReady: wasReady) ?? .zero
        Console.printError("\(service.executable) is started again\(delay == .zero ? "" : " in \(delay)").")
        group.addTask {
            // A cancelled pause means that everything ends.
            do { try await Task.sleep(for: delay) } catch { return }
            self.sender.yield(.restart(service))
        }
    }

    private func fail(in group: inout DiscardingTaskGroup) {
        hasFailed = true
        if !isStopping { stop(in: &group) }
    }

    /// Drains: first who takes requests, soon who makes answers, then those whom they need.
    ///
    /// A second call kills.
    private func stop(in group: inout DiscardingTaskGroup) {
        guard !isStopping else {
            for child in children.values { child.process?.send(SIGKILL) }
            return
        }
        isStopping = true
        Console.print("Stopping: what is going on is brought to its end. Once more to end at once.")
        children[.gateway]?.process?.send(SIGTERM)
        group.addTask {
            do { try await Task.sleep(for: Self.gatewayLimit) } catch { return }
            self.sender.yield(.gatewayWaitedFor)
        }
        group.addTask {
            do { try await Task.sleep(for: Self.drainLimit) } catch { return }
            self.sender.yield(.overdue)
        }
        continueStopping()
    }

    private func drainConversations() {
        guard !areConversationsDraining else { return }
        areConversationsDraining = true
        children[.conversation]?.process?.send(SIGTERM)
    }

    private func continueStopping() {
        let front = [ServiceKind.gateway, .conversation].filter { children[$0]?.process != nil }
        if front == [.conversation] { drainConversations() }
        if front.isEmpty { for child in children.values { child.process?.send(SIGTERM) } }
        // Wakes the loop, which ends when nobody is left.
        if children.values.allSatisfy({ $0.process == nil }) { sender.yield(.childEnded) }
    }
}
