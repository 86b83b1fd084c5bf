import Contracts

/// Repairs the tool calls of a conversation, so that every provider accepts it: a pure function.
///
/// Afterwards the results of a message's calls follow it directly, one for each call and in the order of the calls, with
/// the tool's name, and each call has its own identifier. A call without a result gets one that says so. A result without
/// a call, and a second result that differs from the first, become texts of the user.
struct ToolHistory {
    /// The result of a call that was never answered.
    static let missing = "The tool was not run, so there is no result."

    /// The calls of one message.
    private struct Group {
        var calls: [Inference.ToolCall]
        var results: [Inference.Message?]
    }

    /// A call by the place of its group and its own.
    private struct Place {
        var group: Int
        var call: Int
    }

    /// The calls with one identifier in one message, in order.
    private struct Queue {
        var group: Int
        var calls: [Int]
        var next = 0
    }

    private var groups: [Group] = []
    /// The unanswered calls by the identifier that the client knows; the newest message is last.
    private var open: [String: [Queue]] = [:]
    /// The call that was answered last, by the identifier that the client knows.
    private var answered: [String: Place] = [:]
    private var ids: Set<String>
    private var counts: [String: Int] = [:]

    static func repaired(_ messages: [Inference.Message]) -> [Inference.Message] {
        guard messages.contains(where: { $0.role == .tool || $0.toolCalls != nil }) else { return messages }
        var history = ToolHistory(messages)
        return history.repair(messages)
    }

    private init(_ messages: [Inference.Message]) {
        // A new identifier must not be one that a later call has.
        ids = Set(messages.lazy.flatMap { $0.toolCalls ?? [] }.map(\.id))
    }

    private mutating func repair(_ messages: [Inference.Message]) -> [Inference.Message] {
        var seen: Set<String> = []
        // The messages in order; the number of a group stands for its calls with their results.
        var order: [(message: Inference.Message, group: Int?)] = []
        for message in messages {
            if let calls = message.toolCalls, message.role == .assistant, !calls.isEmpty {
                order.append((message, begin(calls, &seen)))
            } else if message.role == .tool {
                if let text = take(message) { order.append((text, nil)) }
            } else {
                var plain = message
                plain.toolCalls = nil
                order.append((plain, nil))
            }
        }
        return order.flatMap { message, group in group.map { complete(message, groups[$0]) } ?? [message] }
    }

    /// Adds the calls of a message; returns the number of their group.
    private mutating func begin(_ calls: [Inference.ToolCall], _ seen: inout Set<String>) -> Int {
        let number = groups.count
        var group = Group(calls: calls, results: Array(repeating: nil, count: calls.count))
        for (index, call) in calls.enumerated() {
            var queues = open.removeValue(forKey: call.id) ?? []
            if queues.last?.group != number { queues.append(Queue(group: number, calls: [])) }
            queues[queues.count - 1].calls.append(index)
            open[call.id] = queues
            if call.id.isEmpty || !seen.insert(call.id).inserted { group.calls[index].id = newID(like: call.id) }
        }
        groups.append(group)
        return number
    }

    private mutating func newID(like id: String) -> String {
        let stem = id.isEmpty ? "call" : id
        while true {
            let count = counts[stem, default: 1] + 1
            counts[stem] = count
            let candidate = "\(stem)_\(count)"
            if ids.insert(candidate).inserted { return candidate }
        }
    }

    /// Assigns a result to its call; returns the message that replaces it at its place, if there is one.
    private mutating func take(_ message: Inference.Message) -> Inference.Message? {
        guard let id = message.toolCallID else { return Self.text(message, tool: message.name) }
        if let place = firstOpen(id) {
            answered[id] = place
            groups[place.group].results[place.call] = message
            return nil
        }
        guard let place = answered[id] else { return Self.text(message, tool: message.name) }
        guard groups[place.group].results[place.call]?.content != message.content else { return nil }
        return Self.text(message, tool: groups[place.group].calls[place.call].function.name)
    }

    /// The first unanswered call with an identifier in the newest message that has one.
    private mutating func firstOpen(_ id: String) -> Place? {
        guard var queues = open.removeValue(forKey: id) else { return nil }
        defer { if !queues.isEmpty { open[id] = queues } }
        guard var queue = queues.popLast() else { return nil }
        let place = Place(group: queue.group, call: queue.calls[queue.next])
        queue.next += 1
        if queue.next < queue.calls.count { queues.append(queue) }
        return place
    }

    private func complete(_ message: Inference.Message, _ group: Group) -> [Inference.Message] {
        var message = message
        message.toolCalls = group.calls
        let results = zip(group.calls, group.results).map { call, result in
            var result = result ?? Inference.Message(role: .tool, content: Self.missing)
            result.toolCallID = call.id
            result.name = call.function.name
            return result
        }
        return [message] + results
    }

    /// A result as a text of the user.
    private static func text(_ message: Inference.Message, tool: String?) -> Inference.Message {
        let text = "\(tool.map { "The tool \($0)" } ?? "A tool") said: \(message.text)"
        let attachments = message.attachments
        guard !attachments.isEmpty else { return Inference.Message(role: .user, content: text) }
        return Inference.Message(role: .user, content: .parts([Inference.Part(text: text)] + attachments))
    }
}
