import Contracts

extension FinishedRun {
    /// The events of the run, rebuilt from its question, its steps and its end.
    var events: [Run.Event] {
        var events: [Run.Event] = []
        if let question { events.append(Run.Event(number: 1, userMessage: question)) }
        var number = 1
        for step in steps {
            step.appendEvents(to: &events, &number)
            number += 1
            events.append(Run.Event(number: number, step: step.message))
        }
        answer?.appendEvents(to: &events, &number)
        events.append(Run.Event(number: run.lastEvent, end: fullEnd))
        return events
    }

    /// The end with the answer.
    var fullEnd: Run.End {
        var end = end
        end.assistantMessage = answer?.message
        return end
    }
}

extension RunStep {
    /// Appends the events that showed the step's text; `number` is the number of the last event.
    fileprivate func appendEvents(to events: inout [Run.Event], _ number: inout Int) {
        var text = message.content.text.utf8[...]
        var reasoning = reasoning.utf8[...]
        for chunk in chunks {
            number += 1
            switch chunk.kind {
            case .text: events.append(Run.Event(number: number, text: Self.take(chunk.bytes, from: &text)))
            case .reasoning:
                events.append(Run.Event(number: number, reasoning: Self.take(chunk.bytes, from: &reasoning)))
            }
        }
    }

    private static func take(_ count: Int, from text: inout Substring.UTF8View) -> String {
        defer { text = text.dropFirst(count) }
        return String(decoding: text.prefix(count), as: UTF8.self)
    }
}
