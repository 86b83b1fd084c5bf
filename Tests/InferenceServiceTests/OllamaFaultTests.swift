import Contracts
import TestSupport
import Testing

@testable import InferenceService

@Suite(.timeLimit(.minutes(5))) struct OllamaFaultTests {
    private func fault(
        _ answer: FakeResponse,
        limits: GenerationTimeouts = GenerationTimeouts()
    ) async throws -> (text: String, fault: Fault?) {
        try await withFakeOllama { ollama in
            ollama.always("/api/chat", answer)
            let outcome = try await routing(to: ollama.url, limits: limits).routing.outcome()
            #expect(outcome.finish == nil)
            #expect(outcome.fault?.message.hasSuffix(".") == true)
            // A connection with an unread response is closed.
            try await eventually { ollama.requests("/api/chat").allSatisfy { $0.isAnswered || $0.isAbandoned } }
            return (outcome.text, outcome.fault)
        }
    }

    @Test func `an unreachable Ollama is unavailable with advice`() async throws {
        let url = try await unreachableURL()
        let fault = try await routing(to: url).routing.outcome().fault
        #expect(fault?.code == .unavailable)
        #expect(fault?.message.contains("127.0.0.1") == false)
        #expect(fault?.message.contains("ollama serve") == true)
        #expect(fault?.message.contains("OLLAMA_BASE_URL") == true)
    }

    @Test func `the error for a missing model says how to pull it`() async throws {
        let fault = try await fault(.error(404, #"model "llama3.2" not found, try pulling it first"#)).fault
        #expect(fault?.code == .missing)
        #expect(fault?.message.contains("ollama pull llama3.2") == true)
    }

    @Test(arguments: [
        (500, Fault.Code.unavailable), (502, .unavailable), (503, .unavailable), (400, .rejected), (401, .upstreamAuth),
        (403, .upstreamAuth), (429, .limited), (499, .rejected), (301, .provider), (307, .provider), (204, .provider),
    ])
    func `a status has its error code`(_ status: Int, _ code: Fault.Code) async throws {
        let answer = FakeResponse.error(
            status,
            "server busy, please try again\u{7}",
            headers: ["Location: http://127.0.0.1:1/"]
        )
        let fault = try await fault(answer).fault
        #expect(fault?.code == code)
        #expect(fault?.message.contains("\u{7}") == false)
    }

    @Test func `a busy server's Retry-After reaches the caller`() async throws {
        #expect(try await fault(.error(503, "busy", headers: ["Retry-After: 17"])).fault?.retryAfter == 17)
        #expect(try await fault(.error(503, "busy", headers: ["Retry-After: 99999999999999"])).fault?.retryAfter == 2)
    }

    @Test func `a server that is not Ollama is recognised`() async throws {
        let page = "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nContent-Length: 18\r\n\r\n"
        let fault = try await fault(FakeResponse(head: page, body: "404 page not found".utf8)).fault
        #expect(fault?.code == .provider)
        #expect(fault?.message.contains("OLLAMA_BASE_URL") == true)
        #expect(try await self.fault(.raw("SSH-2.0-OpenSSH_9.2\r\n")).fault?.code == .provider)
    }

    @Test func `an error within the stream is a provider error after its earlier text`() async throws {
        let lines =
            FakeResponse.chatLines(["Hel", "lo"], nil) + [#"{"error":"model runner has unexpectedly stopped"}"#]
        let (text, fault) = try await fault(.chat(lines: lines))
        #expect(text == "Hello")
        #expect(fault?.code == .provider)
        #expect(fault?.message.contains("model runner has unexpectedly stopped") == true)
        let long = try await self.fault(
            .chat(lines: ["{\"error\":\"" + String(repeating: "x", count: 100_000) + "\"}"])
        )
        #expect(long.fault?.code == .provider)
        #expect((long.fault?.message.count ?? 0) < 500)
    }

    @Test(arguments: [
        "<html>", "{\"message\":{\"content\":\"", "{}{}", "{\"message\":{\"content\":\"\\ud8\"}}",
    ])
    func `a line with invalid JSON ends the stream after its earlier text`(_ line: String) async throws {
        let (text, fault) = try await fault(
            .chat(lines: FakeResponse.chatLines(["Hello"], nil) + [line, "{\"done\":true}"])
        )
        #expect(text == "Hello")
        #expect(fault?.code == .provider)
    }

    @Test func `invalid UTF-8 ends the stream`() async throws {
        var answer = FakeResponse.chat(["Hello", "XX"])
        let place = try #require(answer.bytes.lastIndex(of: UInt8(ascii: "X")))
        answer.bytes[place] = 0xFF
        let (text, fault) = try await fault(answer)
        #expect(text == "Hello")
        #expect(fault?.code == .provider)
    }

    @Test func `a line beyond the limit ends the stream`() async throws {
        let lines = FakeResponse.chatLines([
            "Hello", String(repeating: "x", count: GenerationTimeouts.defaultEventBytes),
        ])
        let (text, fault) = try await fault(.chat(lines: lines))
        #expect(text == "Hello")
        #expect(fault?.code == .provider)
    }

    @Test func `a stream without a finish is incomplete`() async throws {
        for answer in [FakeResponse.chat(["Hel"], doneReason: nil), .chat([], doneReason: nil), .json(200, "")] {
            let fault = try await fault(answer).fault
            #expect(fault?.code == .cut)
        }
        let closing = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
        let body = FakeResponse.chatLines(["Hel"], nil).joined(separator: "\n") + "\n"
        let (text, fault) = try await fault(FakeResponse(head: closing, body: body.utf8).ending(.close))
        #expect(text == "Hel")
        #expect(fault?.code == .cut)
    }

    @Test(arguments: ["100000", "10"])
    func `an invalid Content-Length is not an end`(_ length: String) async throws {
        let head = "HTTP/1.1 200 OK\r\nContent-Length: \(length)\r\n\r\n"
        let body = FakeResponse.chatLines(["Hel"], nil).joined(separator: "\n") + "\n"
        let fault = try await fault(FakeResponse(head: head, body: body.utf8).ending(.close)).fault
        #expect(fault?.code == .cut)
    }

    @Test func `any content type is accepted`() async throws {
        try await withFakeOllama { ollama in
            ollama.next("/api/chat", .chat(lines: FakeResponse.chatLines(["Hello"]), contentType: "text/html"))
            let outcome = try await routing(to: ollama.url).routing.outcome()
            #expect(outcome.text == "Hello")
        }
    }

    @Test func `data after the end is ignored`() async throws {
        try await withFakeOllama { ollama in
            let lines = FakeResponse.chatLines(["Hello"]) + FakeResponse.chatLines(["more"]) + ["garbage"]
            ollama.next("/api/chat", .chat(lines: lines), .chat(lines: lines).lineByLine(pause: .milliseconds(1)))
            for _ in 0..<2 {
                let outcome = try await routing(to: ollama.url).routing.outcome()
                #expect(outcome.text == "Hello")
                #expect(outcome.finish != nil)
                #expect(outcome.fault == nil)
            }
        }
    }
}
