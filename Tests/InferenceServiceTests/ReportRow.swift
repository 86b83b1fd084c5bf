import Bus
import Contracts
import TestSupport
import Testing

@testable import InferenceService

/// A response of a server that is compatible with OpenAI's API, and what the caller gets.
struct ReportRow: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let answer: FakeResponse
    var text = ""
    var reasoning = ""
    /// The name and the arguments of each call.
    var calls: [String] = []
    var finish: Inference.Finish.Reason?
    var code: Fault.Code?
    /// A part of the error message.
    var says = ""
    /// A text that the error message must not contain.
    var hides: String?
    /// How often the server is asked, if at most three times are allowed.
    var tries = 1

    init(
        _ name: String,
        _ answer: FakeResponse,
        text: String = "",
        reasoning: String = "",
        calls: [String] = [],
        finish: Inference.Finish.Reason? = nil,
        code: Fault.Code? = nil,
        says: String = "",
        hides: String? = nil,
        tries: Int = 1
    ) {
        testDescription = name
        self.answer = answer
        self.text = text
        self.reasoning = reasoning
        self.calls = calls
        self.finish = finish
        self.code = code
        self.says = says
        self.hides = hides
        self.tries = tries
    }

    /// Asks for a stream and for a complete answer, each of a server and a model of its own.
    func check() async throws {
        for isWhole in [false, true] {
            try await withFakeOpenAI { openAI in
                openAI.always(nil, answer)
                let retries = RetryPolicy(limit: 2, firstPause: .milliseconds(1))
                let routing = try compatibleRouting(to: openAI.url, retries: retries).routing
                let model = "openai/model-\(UInt32.random(in: 0 ... .max))"
                let outcome = try await isWhole ? routing.wholeOutcome(model) : routing.outcome(question(model: model))
                check(outcome, isWhole: isWhole)
                #expect(openAI.requests("/v1/chat/completions").count == tries, "Asked for whole: \(isWhole)")
                #expect(openAI.requests("/v1/chat/completions").allSatisfy { $0.body.contains("\"stream\":true") })
            }
        }
    }

    private func check(_ outcome: Outcome, isWhole: Bool) {
        #expect(outcome.fault?.code == code, "\(outcome.fault?.message ?? "no error"), asked for whole: \(isWhole)")
        #expect(outcome.finish?.reason == finish)
        if let message = outcome.fault?.message {
            #expect(message.contains(says), "\(message)")
            if let hides { #expect(!message.lowercased().contains(hides.lowercased()), "\(message)") }
        }
        // Without an end there is no complete answer.
        guard code == nil || !isWhole else { return }
        #expect(outcome.text == text)
        #expect(outcome.reasoning == reasoning)
        #expect(outcome.calls == calls)
        #expect(Set(outcome.toolCalls.compactMap(\.id)).count == calls.count)
        // Strict clients refuse a first piece without a name.
        for index in calls.indices { #expect(outcome.toolCalls.first { $0.index == index }?.name != nil) }
    }
}

extension Outcome {
    /// The name and the arguments of each call.
    var calls: [String] {
        Dictionary(grouping: toolCalls, by: \.index).sorted { $0.key < $1.key }.map { _, pieces in
            pieces.compactMap(\.name).joined() + " " + pieces.compactMap(\.arguments).joined()
        }
    }
}

extension Routing {
    /// Returns a complete answer, which was not streamed to the caller.
    func wholeOutcome(_ model: String) async throws -> Outcome {
        var outcome = Outcome()
        do {
            let answer = try await complete(GenerationRequest(question(model: model)), CallContext())
            outcome.text = answer.text ?? ""
            outcome.reasoning = answer.reasoning ?? ""
            outcome.toolCalls = (answer.toolCalls ?? []).enumerated().map {
                Inference.ToolCallDelta(
                    index: $0,
                    id: $1.id,
                    name: $1.function.name,
                    arguments: $1.function.arguments
                )
            }
            outcome.finish = answer.finish
        } catch let fault as Fault {
            outcome.fault = fault
        }
        return outcome
    }
}

extension FakeResponse {
    /// An event stream of these chunks, with the mark of its end.
    static func events(_ chunks: String...) -> FakeResponse { openAIStream(chunks) }

    static func events(_ chunks: [String], isDone: Bool = true) -> FakeResponse {
        openAIStream(chunks, isDone: isDone)
    }

    /// A complete response.
    static func json(_ body: String) -> FakeResponse { openAI(body) }

    /// A body with any content type, or none.
    static func labelled(_ body: String, _ type: String?, status: Int = 200, headers: [String] = []) -> FakeResponse {
        labelled(Array(body.utf8), type, status: status, headers: headers)
    }

    static func labelled(
        _ body: [UInt8],
        _ type: String?,
        status: Int = 200,
        headers: [String] = []
    ) -> FakeResponse {
        let lines =
            ["HTTP/1.1 \(status) Whatever"] + headers + (type.map { ["Content-Type: \($0)"] } ?? [])
            + ["Content-Length: \(body.count)", "", ""]
        return FakeResponse(head: lines.joined(separator: "\r\n"), body: body)
    }

    /// The response, closed after a number of events.
    func cut(afterEvents count: Int) -> FakeResponse {
        let mark = Array("\n\n\r\n".utf8)
        let ends = bytes.indices.filter {
            $0 >= headLength + mark.count && bytes[($0 - mark.count)..<$0].elementsEqual(mark)
        }
        return cut(after: ends[count - 1])
    }
}
