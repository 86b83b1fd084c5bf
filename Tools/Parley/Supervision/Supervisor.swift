import Dispatch
import Foundation
import Glibc
import HTTP
import ServiceKit

/// Runs the services of a plan as child processes: starts them, restarts those that exit or hang, and shuts them down in
/// order at the end. It ends no process that it did not start.
actor Supervisor {
    /// Maximum duration of the shutdown; remaining children are killed afterwards.
    private static let shutdownLimit = Duration.seconds(26)
    /// How long the gateway shuts down alone: it still sends usage to conversation-svc.
    private static let gatewayLimit = Duration.seconds(3)
    /// How long a hung child has after SIGTERM before it is killed.
    private static let hungLimit = Duration.seconds(5)
    /// Pause between two health probes of a child that is ready.
    private static let probeInterval = Duration.seconds(3)

    private struct Child {
        var process: ChildProcess?
        var policy = RestartPolicy()
        var readySince: ContinuousClock.Instant?
    }

    private let plan: ServicePlan
    private let start = ContinuousClock.now
    private let client = HTTPClient(configuration: .init(connectTimeout: .seconds(1)))
    private let events: AsyncStream<SupervisorEvent>
    private let sender: AsyncStream<SupervisorEvent>.Continuation
    private var children: [ServiceKind: Child] = [:]
    private var hasBeenUp = false
    private var isStopping = false
    private var isConversationStopping = false
    private var hasFailed = false

    init(plan: ServicePlan) {
        self.plan = plan
        (events, sender) = AsyncStream.makeStream(of: SupervisorEvent.self, bufferingPolicy: .bufferingNewest(256))
    }

    /// Runs until Ctrl-C or SIGTERM; returns whether no service failed to start.
    func run() async -> Bool {
        let signals = await SupervisorSignals.sources(sender)
        defer { for source in signals { source.cancel() } }
        await withDiscardingTaskGroup { group in
            group.addTask { await self.prepare() }
            for await event in events {
                handle(event, in: &group)
                if isStopping, children.values.allSatisfy({ $0.process == nil }) { break }
            }
            group.cancelAll()
        }
        Console.print("Parley has stopped.")
        return !hasFailed
    }

    private nonisolated func prepare() async {
        do {
            try LogFolder(plan: plan).create()
            try await PortCheck(plan: plan).waitUntilFree()
            sender.yield(.portsFree)
        } catch is CancellationError {
            return
        } catch {
            sender.yield(.cannotStart("\(error)"))
        }
    }

    private func handle(_ event: SupervisorEvent, in group: inout DiscardingTaskGroup) {
        switch event {
        case .portsFree:
            for service in plan.services { launch(service, in: &group) }
            group.addTask { await self.reportProgress() }
        case .cannotStart(let reason):
            Console.printError("parley: \(reason)")
            fail(in: &group)
        case .childExited: collectExited(in: &group)
        case .ready(let service, let pid): if isRunning(service, pid) { markReady(service) }
        case .portTaken(let service, let pid): if isRunning(service, pid) { reportTakenPort(service) }
        case .hung(let service, let pid): if isRunning(service, pid) { endHung(service, pid, in: &group) }
        case .hungLimitReached(let service, let pid):
            if isRunning(service, pid) { children[service]?.process?.send(SIGKILL) }
        case .restart(let service): launch(service, in: &group)
        case .stop: stop(in: &group)
        case .gatewayLimitReached: stopConversation()
        case .shutdownLimitReached: killAll()
        }
    }

    // MARK: Starting

    private func launch(_ service: ServiceKind, in group: inout DiscardingTaskGroup) {
        guard !isStopping else { return }
        children[service, default: Child()].readySince = nil
        do {
            let process = try ChildProcess.start(service, plan: plan)
            children[service]?.process = process
            group.addTask { await self.monitor(process) }
        } catch {
            Console.printError("\(service.executable) cannot be started: \(error)")
            restart(service, readyFor: nil, in: &group)
        }
    }

    /// Probes a child until it exits.
    private nonisolated func monitor(_ process: ChildProcess) async {
        do {
            let probe = try HealthProbe(process, settings: plan.settings, client: client)
            var health = ChildHealth(start: .now)
            var pause = Duration.milliseconds(5)
            while await isRunning(process.service, process.pid) {
                switch health.update(await probe.run(), now: .now) {
                case .becameReady: sender.yield(.ready(process.service, process.pid))
                case .portTaken: sender.yield(.portTaken(process.service, process.pid))
                case .hung:
                    _ = sender.yield(.hung(process.service, process.pid))
                    return
                case nil: break
                }
                try await Task.sleep(for: health.isReady ? Self.probeInterval : pause)
                // Detects a child that exited before the source for SIGCHLD was installed.
                sender.yield(.childExited)
                pause = min(pause * 2, .milliseconds(250))
            }
        } catch is CancellationError {
            return
        } catch {
            Console.printError("parley: \(error)")
        }
    }

    /// Prints which services are not ready yet, while the start takes long.
    private func reportProgress() async {
        var pause = Duration.seconds(1)
        while !hasBeenUp, !isStopping {
            // The sleep is cancelled when the supervisor stops.
            do { try await Task.sleep(for: pause) } catch { return }
            let waiting = plan.services.filter { children[$0]?.readySince == nil }.map(\.executable)
            if !hasBeenUp, !isStopping { Console.print("Waiting for \(waiting.joined(separator: ", ")).") }
            pause = .seconds(5)
        }
    }

    private func isRunning(_ service: ServiceKind, _ pid: pid_t) -> Bool {
        children[service]?.process?.pid == pid
    }

    private func markReady(_ service: ServiceKind) {
        children[service]?.readySince = .now
        if hasBeenUp { return Console.print("\(service.executable) is up again.") }
        guard plan.services.allSatisfy({ children[$0]?.readySince != nil }) else { return }
        hasBeenUp = true
        StartupSummary(plan: plan, elapsed: .now - start).print()
    }

    // MARK: Restarting

    /// Collects the exit status of children that have exited.
    private func collectExited(in group: inout DiscardingTaskGroup) {
        for (service, child) in children {
            guard let process = child.process else { continue }
            var status: Int32 = 0
            guard waitpid(process.pid, &status, WNOHANG) == process.pid else { continue }
            process.closePipe()
            children[service]?.process = nil
            if isStopping { continueStopping() } else { handleExit(process, status: status, in: &group) }
        }
    }

    private func handleExit(_ process: ChildProcess, status: Int32, in group: inout DiscardingTaskGroup) {
        let service = process.service
        let readyFor = children[service]?.readySince.map { .now - $0 }
        Console.printError("\(service.executable) ended \(ExitReason.text(status)). Its last log lines:")
        for line in process.lastLines(10) { Console.printError("  \(line)") }
        let isPortTaken = reportTakenPort(service)
        guard readyFor != nil || hasBeenUp || isPortTaken || !ExitReason.isErrorExit(status) else {
            Console.printError("parley: \(service.executable) cannot start, so all services are stopped.")
            return fail(in: &group)
        }
        restart(service, readyFor: readyFor, in: &group)
    }

    /// Prints what to do if another program listens on the port of a service; returns whether one does.
    @discardableResult
    private func reportTakenPort(_ service: ServiceKind) -> Bool {
        do {
            let port = try service.port(plan.settings)
            guard PortCheck.isInUse(port, host: service.host(plan.settings)) else { return false }
            Console.printError("parley: \(PortCheck.advice(service, port))")
            return true
        } catch {
            // The plan has checked the port.
            return false
        }
    }

    private func restart(_ service: ServiceKind, readyFor: Duration?, in group: inout DiscardingTaskGroup) {
        let delay = children[service, default: Child()].policy.delay(readyFor: readyFor)
        Console.printError("\(service.executable) restarts\(delay == .zero ? "" : " in \(delay)").")
        group.addTask {
            // The sleep is cancelled when the supervisor stops.
            do { try await Task.sleep(for: delay) } catch { return }
            self.sender.yield(.restart(service))
        }
    }

    private func endHung(_ service: ServiceKind, _ pid: pid_t, in group: inout DiscardingTaskGroup) {
        guard !isStopping else { return }
        Console.printError("\(service.executable) does not answer /readyz and is terminated.")
        children[service]?.process?.send(SIGTERM)
        group.addTask {
            // The sleep is cancelled when the supervisor stops.
            do { try await Task.sleep(for: Self.hungLimit) } catch { return }
            self.sender.yield(.hungLimitReached(service, pid))
        }
    }

    // MARK: Stopping

    private func fail(in group: inout DiscardingTaskGroup) {
        hasFailed = true
        if !isStopping { stop(in: &group) }
    }

    /// Shuts the services down: first the gateway, soon conversation-svc, then those that they use.
    ///
    /// A second call kills all of them.
    private func stop(in group: inout DiscardingTaskGroup) {
        guard !isStopping else { return killAll() }
        isStopping = true
        Console.print("Stopping: requests in progress are completed. Press Ctrl-C again to stop at once.")
        children[.gateway]?.process?.send(SIGTERM)
        for (limit, event) in [
            (Self.gatewayLimit, SupervisorEvent.gatewayLimitReached), (Self.shutdownLimit, .shutdownLimitReached),
        ] {
            group.addTask {
                // The sleep is cancelled when all children have exited.
                do { try await Task.sleep(for: limit) } catch { return }
                self.sender.yield(event)
            }
        }
        continueStopping()
    }

    private func killAll() {
        for child in children.values { child.process?.send(SIGKILL) }
    }

    private func stopConversation() {
        guard !isConversationStopping else { return }
        isConversationStopping = true
        children[.conversation]?.process?.send(SIGTERM)
    }

    private func continueStopping() {
        let front = [ServiceKind.gateway, .conversation].filter { children[$0]?.process != nil }
        if front == [.conversation] { stopConversation() }
        if front.isEmpty { for child in children.values { child.process?.send(SIGTERM) } }
        // Wakes the event loop, which ends when no child is left.
        if children.values.allSatisfy({ $0.process == nil }) { sender.yield(.childExited) }
    }
}
