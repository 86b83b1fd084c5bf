import Contracts
import NIOHTTP1
import TestSupport
import Testing

@testable import GatewayService

/// A slow settlement does not delay the response and is not lost.
@Suite(.timeLimit(.minutes(5)))
struct SettlementTests {
    private static let calls = [
        ("/v1/chat/completions", "{\"model\":\"demo\",\"stream\":true,\(ChatTests.hello)}", "data: [DONE]\n\n"),
        ("/v1/chat/completions", "{\"model\":\"demo\",\(ChatTests.hello)}", "}"),
        ("/v1/embeddings", #"{"model":"m","input":"a"}"#, "}"),
    ]

    @Test(arguments: calls)
    func `the response ends before the settlement`(path: String, body: String, end: String) async throws {
        let services = ScriptedServices()
        services.keys.limit(.user("alice"))
        services.meter.allow(10)
        services.meter.holdSettlements(true)
        services.models.say("Hi")
        try await TestGateway.with(services: services) { gateway in
            for count in 1...3 {
                let answer = try await gateway.ask(.POST, path, body: body)
                #expect(answer.status == 200)
                #expect(answer.body.hasSuffix(end))
                // The settlement does not end before it is released below.
                #expect(services.meter.settled.isEmpty)
                #expect(services.meter.open == count)
            }
            services.meter.holdSettlements(false)
            try await eventually("The settlements") { services.meter.open == 0 }
            #expect(services.meter.settled.count == 3)
        }
    }

    @Test(arguments: calls)
    func `a shutdown waits for the settlement`(path: String, body: String, end: String) async throws {
        let services = ScriptedServices()
        services.keys.limit(.user("alice"))
        services.meter.allow(10)
        services.meter.holdSettlements(true)
        services.models.say("Hi")
        let releasing = try await TestGateway.with(services: services) { gateway in
            #expect(try await gateway.ask(.POST, path, body: body).status == 200)
            try await eventually("The settlement") { services.meter.settleCalls > 0 }
            let calls = services.meter.settleCalls
            return Task {
                // The call before is cancelled by the shutdown, which then sends the settlement again.
                try await eventually("The settlement on shutdown") { services.meter.settleCalls > calls }
                services.meter.holdSettlements(false)
            }
        }
        try await releasing.value
        #expect(services.meter.settled.count == 1)
    }
}
