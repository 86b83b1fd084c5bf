import Contracts
import NIOCore
import TestSupport

@testable import InferenceService

/// The result of decoding bytes as Anthropic's response.
struct AnthropicReading {
    private(set) var answer: Inference.Answer?
    private(set) var events: [Inference.Event] = []
    private(set) var error: ProviderError?

    /// Decodes pieces, each as one read.
    init(_ pieces: [[UInt8]], names: ToolNames = ToolNames()) {
        var decoder = AnthropicDecoder(
            name: "anthropic/claude-sonnet-4-5",
            model: "claude-sonnet-4-5",
            names: names,
            faults: ProviderFaults(name: "Anthropic", address: "http://anthropic", setting: "ANTHROPIC_BASE_URL")
        )
        var event = Inference.Event()
        do {
            for piece in pieces where events.last?.finish == nil {
                event = Inference.Event()
                try decoder.read(ByteBuffer(bytes: piece), into: &event)
                add(event, &decoder)
            }
            event = Inference.Event()
            if events.last?.finish == nil {
                try decoder.end(into: &event)
                add(event, &decoder)
            }
        } catch {
            add(event, &decoder)
            self.error = error as? ProviderError
        }
        var builder = AnswerBuilder()
        for event in events { builder.add(event) }
        answer = try? builder.answer()
    }

    init(_ events: [FakeAnthropicEvent]) {
        self.init([Array(events.map(\.frame).joined().utf8)])
    }

    init(_ text: String) {
        self.init([Array(text.utf8)])
    }

    private mutating func add(_ event: Inference.Event, _ decoder: inout AnthropicDecoder) {
        events += decoder.takeEarlierEvents()
        if !event.isEmpty { events.append(event) }
    }

    /// The text so far, also without an end.
    var text: String { events.compactMap(\.text).joined() }
}
