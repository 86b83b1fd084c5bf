import Bus
import Contracts
import Foundation
import HTTP
import Logging
import NIOCore
import NIOPosix
import ServiceKit
import ServiceLifecycle
import UnixSignals

/// Client and server of the bus without the services: `serve` is the server, `call` and `stream` are clients with 64 tasks.
///
/// The client prints `begin` and `end COUNT` around the measured time, so that a script can read the processor time of both.
@main
enum BusBenchmark {
    private static let callers = 64
    private static let token = "0123456789abcdef0123456789abcdef"
    private static let warmUp = Duration.seconds(1)
    private static let pace = TimeAmount.milliseconds(20)

    private struct Echo: Endpoint {
        static let path = "/benchmark/echo"
        typealias Response = Echo
        var text: String
    }

    private struct Count: StreamingEndpoint {
        static let path = "/benchmark/count"
        typealias Element = Int
    }

    static func main() async throws {
        let arguments = CommandLine.arguments
        LoggingSystem.bootstrap { _ in SwiftLogNoOpLogHandler() }
        switch arguments.dropFirst().first {
        case "serve": try await serve()
        case "call": try await measure(port: arguments[2], seconds: arguments[3], call)
        case "stream": try await measure(port: arguments[2], seconds: arguments[3], stream)
        default: print("bus-benchmark serve | call PORT SECONDS | stream PORT SECONDS")
        }
    }

    private static func serve() async throws {
        var table = EndpointTable(service: "benchmark")
        table.serve(Echo.self) { request, _ in request }
        let element = ByteBuffer(string: "42")
        table.serve(Count.self) { _, _ in
            ElementStream(
                encoded: {
                    // A timer of the event loop, which costs little compared with the bus.
                    try await MultiThreadedEventLoopGroup.singleton.any().scheduleTask(in: pace) {}.futureResult.get()
                    return [element]
                },
                close: {}
            )
        }
        let unit = ServiceUnit.bus(table: table, host: "127.0.0.1", port: 0, token: token)
        let group = ServiceGroup(
            services: unit.services,
            gracefulShutdownSignals: [.sigterm, .sigint],
            logger: Logger(label: "benchmark")
        )
        async let running: Void = group.run()
        printLine(String(try await unit.listeningPort.value()))
        try await running
    }

    private static func measure(
        port: String,
        seconds: String,
        _ operation: @escaping @Sendable (HTTPBus, Counter) async throws -> Void
    ) async throws {
        let bus = try HTTPBus(peer: "benchmark", urls: ["http://127.0.0.1:\(port)"], token: token, client: HTTPClient())
        let counter = Counter()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<callers {
                // As in a service, where requests are handled on an event loop.
                group.addTask(executorPreference: EventLoopTaskExecutor.current) { try await operation(bus, counter) }
            }
            try await Task.sleep(for: warmUp)
            let before = counter.value
            printLine("begin")
            try await Task.sleep(for: .seconds(Double(seconds) ?? 5))
            printLine("end \(counter.value - before)")
            // The measurement is complete: exit without a graceful shutdown.
            exit(0)
        }
    }

    private static func call(_ bus: HTTPBus, _ counter: Counter) async throws {
        while true {
            _ = try await bus.call(Echo(text: "What is the meaning of life?"), CallContext())
            counter.add(1)
        }
    }

    private static func stream(_ bus: HTTPBus, _ counter: Counter) async throws {
        let stream = try await bus.stream(Count(), CallContext())
        while let batch = try await stream.nextEncodedBatch() { counter.add(batch.count) }
    }

    private static func printLine(_ line: String) {
        FileHandle.standardOutput.write(Data("\(line)\n".utf8))
    }
}
