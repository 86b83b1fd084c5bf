import Foundation

/// Validates the messages of a request as Anthropic's servers do.
struct FakeAnthropicTurns {
    typealias Object = [String: Any]

    let model: FakeAnthropicModel
    /// The type of the thinking that the request asks for.
    let thinking: String?
    let hasTools: Bool

    /// Throws the error of the first violated rule.
    func check(_ messages: [Object]) throws {
        guard let first = messages.first else {
            throw FakeAnthropicRefusal("messages: at least one message is required")
        }
        guard first["role"] as? String == "user" else {
            throw FakeAnthropicRefusal("messages: first message must use the \"user\" role")
        }
        let contents = messages.map(Self.blocks)
        var ids: Set<String> = []
        for (index, message) in messages.enumerated() {
            let role = message["role"] as? String ?? ""
            guard role == "user" || role == "assistant" else {
                throw FakeAnthropicRefusal("messages.\(index).role: Input should be 'user' or 'assistant'")
            }
            guard !contents[index].isEmpty else {
                throw FakeAnthropicRefusal("messages.\(index): all messages must have non-empty content")
            }
            for (place, block) in contents[index].enumerated() {
                try check(block, "messages.\(index).content.\(place)", role)
            }
            try checkCalls(index, contents, role, &ids)
        }
        try checkThinking(messages, contents)
        try checkEnd(messages, contents)
    }

    static func blocks(_ message: Object) -> [Object] {
        if let text = message["content"] as? String { return [["type": "text", "text": text]] }
        return message["content"] as? [Object] ?? []
    }

    static func checkText(_ block: Object, _ place: String) throws {
        guard let text = block["text"] as? String, !text.isEmpty else {
            throw FakeAnthropicRefusal("\(place): text content blocks must be non-empty")
        }
        if text.allSatisfy(\.isWhitespace) {
            throw FakeAnthropicRefusal("\(place): text content blocks must contain non-whitespace text")
        }
    }

    private func check(_ block: Object, _ place: String, _ role: String) throws {
        switch (block["type"] as? String, role) {
        case ("text", _): try Self.checkText(block, place)
        case ("image", "user"): try checkImage(block, place)
        case ("tool_result", "user"):
            guard hasTools else { throw FakeAnthropicRefusal("Requests with tool blocks must define tools.") }
            for inner in block["content"] as? [Object] ?? [] { try check(inner, place + ".tool_result", "user") }
        case ("tool_use", "assistant"):
            guard block["input"] is Object else {
                throw FakeAnthropicRefusal("\(place).tool_use.input: Input should be a valid dictionary")
            }
        case ("thinking", "assistant"):
            let text = block["thinking"] as? String ?? ""
            guard block["signature"] as? String == FakeAnthropicTurn.signature(text) else {
                throw FakeAnthropicRefusal("\(place): Invalid `signature` in `thinking` block")
            }
            guard block["cache_control"] == nil else {
                throw FakeAnthropicRefusal("\(place).thinking.cache_control: Extra inputs are not permitted")
            }
        case ("redacted_thinking", "assistant"):
            guard let data = block["data"] as? String, !data.isEmpty else {
                throw FakeAnthropicRefusal("\(place).redacted_thinking.data: Field required")
            }
        default:
            throw FakeAnthropicRefusal(
                "\(place): Input tag '\(block["type"] ?? "")' found using 'type' is not permitted"
            )
        }
    }

    private func checkImage(_ block: Object, _ place: String) throws {
        let source = block["source"] as? Object ?? [:]
        if source["type"] as? String == "url" { return }
        guard ["image/jpeg", "image/png", "image/gif", "image/webp"].contains(source["media_type"] as? String) else {
            throw FakeAnthropicRefusal("\(place).image.source.base64.media_type: Input should be 'image/jpeg', …")
        }
        guard let data = source["data"] as? String, Data(base64Encoded: data)?.isEmpty == false else {
            throw FakeAnthropicRefusal("\(place).image.source.base64: invalid base64 data")
        }
    }

    /// The results of all calls must be at the beginning of the next message.
    private func checkCalls(_ index: Int, _ contents: [[Object]], _ role: String, _ ids: inout Set<String>) throws {
        let calls = contents[index].filter { $0["type"] as? String == "tool_use" }.compactMap { $0["id"] as? String }
        for id in calls {
            guard id.wholeMatch(of: /[a-zA-Z0-9_-]+/) != nil else {
                throw FakeAnthropicRefusal("messages.\(index).tool_use.id: String should match '^[a-zA-Z0-9_-]+$'")
            }
            guard ids.insert(id).inserted else {
                throw FakeAnthropicRefusal("messages.\(index): `tool_use` ids must be unique")
            }
        }
        if !calls.isEmpty {
            let next = index + 1 < contents.count ? contents[index + 1] : []
            let answered = next.prefix { $0["type"] as? String == "tool_result" }
                .compactMap { $0["tool_use_id"] as? String }
            guard Set(calls).isSubset(of: answered) else {
                throw FakeAnthropicRefusal(
                    "messages.\(index): `tool_use` ids were found without `tool_result` blocks immediately after"
                )
            }
        }
        let results = contents[index].filter { $0["type"] as? String == "tool_result" }
        guard !results.isEmpty else { return }
        let known = index == 0 ? [] : contents[index - 1].compactMap { $0["id"] as? String }
        guard results.allSatisfy({ known.contains($0["tool_use_id"] as? String ?? "") }) else {
            throw FakeAnthropicRefusal("messages.\(index): unexpected `tool_use_id` found in `tool_result` blocks")
        }
    }

    /// With a budget, the answer whose calls are continued must begin with its thinking.
    private func checkThinking(_ messages: [Object], _ contents: [[Object]]) throws {
        guard thinking == "enabled" else { return }
        let question = contents.indices.last { index in
            messages[index]["role"] as? String == "user"
                && contents[index].contains { $0["type"] as? String != "tool_result" }
        }
        for index in contents.indices where index > question ?? -1 && messages[index]["role"] as? String == "assistant"
        {
            let first = contents[index].first?["type"] as? String ?? ""
            guard first != "thinking", first != "redacted_thinking" else { continue }
            throw FakeAnthropicRefusal(
                "messages.\(index).content.0.type: Expected `thinking` or `redacted_thinking`, but found `\(first)`. "
                    + "When `thinking` is enabled, a final `assistant` message must start with a thinking block."
            )
        }
    }

    private func checkEnd(_ messages: [Object], _ contents: [[Object]]) throws {
        guard messages.last?["role"] as? String == "assistant" else { return }
        guard !model.rejectsPrefill else {
            throw FakeAnthropicRefusal("This model does not support assistant message prefill.")
        }
        if let text = contents.last?.last?["text"] as? String, text.last?.isWhitespace == true {
            throw FakeAnthropicRefusal("messages: final assistant content cannot end with trailing whitespace")
        }
    }
}
