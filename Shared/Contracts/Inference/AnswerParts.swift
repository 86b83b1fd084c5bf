/// Collects the parts of an answer from its events, in order.
package struct AnswerParts: Sendable {
    /// Maximum number of parts; the order of an answer with more is not kept.
    private static let limit = 4096

    private var collected: [Inference.AnswerPart] = []
    /// The number of the last part, if the provider numbers its parts.
    private var lastNumber: Int?
    private var callCount = 0
    private var isOverflown = false

    package init() {}

    /// Adds the content of an event.
    package mutating func add(_ event: Inference.Event) {
        if let text = event.reasoning { add(.reasoning, text.utf8.count, event.part) }
        if let text = event.text { add(.text, text.utf8.count, event.part) }
        if let text = event.refusal { add(.refusal, text.utf8.count, event.part) }
        for piece in event.toolCalls ?? [] where piece.index == callCount {
            callCount += 1
            begin(.toolCall, event.part)
        }
        guard let metadata = event.partMetadata else { return }
        // Only reasoning may consist of nothing but data for the provider.
        if collected.isEmpty || event.part != nil && event.part != lastNumber { begin(.reasoning, event.part) }
        if !collected.isEmpty { collected[collected.count - 1].metadata = metadata }
    }

    /// The parts; `nil` if their order says nothing: reasoning, then text, then refusal, then tool calls.
    package var parts: [Inference.AnswerPart]? {
        guard !isOverflown, !collected.isEmpty else { return nil }
        return isPlain ? nil : collected
    }

    private var isPlain: Bool {
        var last = -1
        for part in collected {
            guard part.metadata == nil, part.kind.rank > last || part.kind == .toolCall && part.kind.rank == last else {
                return false
            }
            last = part.kind.rank
        }
        return true
    }

    private mutating func add(_ kind: Inference.AnswerPart.Kind, _ bytes: Int, _ number: Int?) {
        guard bytes > 0 else { return }
        if collected.last?.kind != kind || number != nil && number != lastNumber { begin(kind, number) }
        if !isOverflown { collected[collected.count - 1].bytes += bytes }
    }

    private mutating func begin(_ kind: Inference.AnswerPart.Kind, _ number: Int?) {
        lastNumber = number
        guard !isOverflown, collected.count < Self.limit else {
            isOverflown = true
            collected = []
            return
        }
        collected.append(Inference.AnswerPart(kind: kind))
    }
}

extension [Inference.AnswerPart] {
    /// The length of all parts of a kind, in bytes.
    package func bytes(of kind: Inference.AnswerPart.Kind) -> Int {
        reduce(0) { sum, part in
            guard part.kind == kind, part.bytes > 0 else { return sum }
            let (total, isTooLarge) = sum.addingReportingOverflow(part.bytes)
            return isTooLarge ? .max : total
        }
    }
}

extension Inference.AnswerPart.Kind {
    /// The place in an answer whose order says nothing.
    fileprivate var rank: Int {
        switch self {
        case .reasoning: 0
        case .text: 1
        case .refusal: 2
        case .toolCall: 3
        }
    }
}
