import Bus
import Contracts
import TestSupport
import Testing

@testable import ConversationService

/// Turns with the persona that continues a transcript.
@Suite(.timeLimit(.minutes(5)))
struct TranscriptTurnTests {
    @Test func `the model gets one text, and stops before the user's next line`() async throws {
        try await Fixture.with { fixture in
            let conversation = try await fixture.openTranscript()
            try await fixture.turn("One", in: conversation)
            fixture.inference.play([.fail(Fault(.provider, "Down."))])
            #expect(try await fixture.send("Lost", in: conversation).end.status == .failed)
            let turn = try await fixture.turn("Two", in: conversation)
            let request = try #require(fixture.inference.requests.last)
            #expect(request.messages.map(\.role) == [.user])
            #expect(
                request.messages[0].text
                    == "Continue the conversation like a human\nUser: One\nAI: One!\n\nUser: Two\nAI:"
            )
            #expect(request.options.stop == ["\nUser:"])
            let report = try #require(turn.end.context)
            #expect(report.messagesUsed == 3 && report.messagesLeftOut == 1)
            let prompt = try await fixture.bus.call(Conversations.SystemPrompt(id: conversation.id), fixture.context())
            #expect(prompt.text == "Continue the conversation like a human")
        }
    }

    @Test func `the oldest turns are left out of a small window`() async throws {
        try await Fixture.with { fixture in
            let conversation = try await fixture.openTranscript()
            let long = String(repeating: "word ", count: 60)
            fixture.inference.play([.text("Yes."), .finish], window: 512)
            for number in 0..<4 { _ = try await fixture.send("\(number) \(long)", in: conversation) }
            let turn = try await fixture.send("Last", in: conversation)
            let text = try #require(fixture.inference.requests.last?.messages.first?.text)
            #expect(
                text.hasSuffix("\n\nUser: Last\nAI:") && text.contains("User: 3 word") && !text.contains("User: 0 word")
            )
            let report = try #require(turn.end.context)
            #expect(report.messagesUsed + report.messagesLeftOut == 9 && report.messagesLeftOut > 0)
            #expect(report.tokensEstimated <= 512)
        }
    }

    @Test func `the answer is cleaned in the stream, in the store and in the history`() async throws {
        try await Fixture.with { fixture in
            let conversation = try await fixture.openTranscript()
            // The generation is left as soon as the user's line is found.
            let pieces = ["\nA", "I: Hi", " there.", "\n\nUs", "er: And", " you?"]
            fixture.inference.play(pieces.map { .text($0) } + [.hang])
            let events = try await fixture.collect(try await fixture.start("Hello", in: conversation))
            #expect(events.compactMap(\.text).joined() == "Hi there.")
            let end = try #require(events.last?.end)
            #expect(end.status == .completed && end.finishReason == .stop)
            #expect(end.assistantMessage?.content.text == "Hi there.")
            try await eventually("The closed generation") { fixture.inference.closed == 1 }
            try await fixture.turn("Two", in: conversation)
            let text = try #require(fixture.inference.requests.last?.messages.first?.text)
            #expect(text.contains("User: Hello\nAI: Hi there.\n\nUser: Two\nAI:"))
        }
    }

    @Test func `a fenced block is untouched, and a partial answer is not lost`() async throws {
        try await Fixture.with { fixture in
            let conversation = try await fixture.openTranscript()
            let json = "```json\n{\"text\": \"Hi\",\n\n  \"animation\": \"wave\"}\n```"
            fixture.inference.play([
                .text(" AI: ```js"), .text(String("```json".suffix(2))), .text(String(json.dropFirst(7))), .finish,
            ])
            #expect(try await fixture.send("Hello", in: conversation).end.assistantMessage?.content.text == json)
            fixture.inference.play([.text("Partly\nUs"), .fail(Fault(.provider, "Down."))])
            let failed = try await fixture.send("More", in: conversation).end
            #expect(failed.status == .failed && failed.assistantMessage?.content.text == "Partly\nUs")
        }
    }

    @Test func `concurrent prompts of one user are answered one after the other`() async throws {
        try await Fixture.with { fixture in
            let conversation = try await fixture.openTranscript()
            fixture.inference.play([.text("Yes."), .finish])
            try await withThrowingTaskGroup(of: Run.Status.self) { group in
                for number in 0..<8 {
                    group.addTask { try await fixture.send("Number \(number)", in: conversation).end.status }
                }
                for try await status in group { #expect(status == .completed) }
            }
            let messages = try await fixture.messages(of: conversation)
            #expect(messages.map(\.role) == Array(repeating: [.user, .assistant], count: 8).flatMap(\.self))
        }
    }
}
