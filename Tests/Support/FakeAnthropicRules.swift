import Foundation

/// Validates a request as Anthropic's servers do, with their messages.
struct FakeAnthropicRules {
    typealias Object = [String: Any]

    private static let members: Set<String> = [
        "model", "max_tokens", "messages", "system", "stream", "tools", "tool_choice", "thinking", "output_config",
        "stop_sequences", "temperature", "top_p", "top_k", "metadata", "cache_control", "service_tier", "container",
    ]

    let model: FakeAnthropicModel

    /// Throws the error of the first violated rule.
    func check(_ body: Object) throws {
        if let other = body.keys.sorted().first(where: { !Self.members.contains($0) }) {
            throw FakeAnthropicRefusal("\(other): Extra inputs are not permitted")
        }
        guard let limit = body["max_tokens"] as? Int, limit > 0 else {
            throw FakeAnthropicRefusal("max_tokens: Field required")
        }
        guard limit <= model.output else {
            throw FakeAnthropicRefusal(
                "max_tokens: \(limit) > \(model.output), which is the maximum allowed number of output tokens for \(model.id)"
            )
        }
        try checkSampling(body)
        try checkThinking(body, limit)
        try checkTools(body)
        let stops = body["stop_sequences"] as? [String] ?? []
        if stops.contains(where: { $0.allSatisfy(\.isWhitespace) }) {
            throw FakeAnthropicRefusal("stop_sequences: each stop sequence must contain non-whitespace")
        }
        if (body["output_config"] as? Object)?["format"] != nil, !model.hasSchemas {
            throw FakeAnthropicRefusal("output_config.format: '\(model.id)' does not support output format.")
        }
        let marks = Self.count("cache_control", in: body)
        guard marks <= 4 else {
            throw FakeAnthropicRefusal("A maximum of 4 blocks with cache_control may be provided. Found \(marks).")
        }
        for block in body["system"] as? [Object] ?? [] { try FakeAnthropicTurns.checkText(block, "system") }
        let thinking = (body["thinking"] as? Object)?["type"] as? String
        try FakeAnthropicTurns(model: model, thinking: thinking, hasTools: body["tools"] != nil)
            .check(body["messages"] as? [Object] ?? [])
    }

    private func checkSampling(_ body: Object) throws {
        let options = ["temperature", "top_p", "top_k"].filter { body[$0] != nil }
        if let first = options.first, model.rejectsSampling {
            throw FakeAnthropicRefusal("`\(first)` is deprecated for this model.")
        }
        if let value = body["temperature"] as? Double, !(0...1).contains(value) {
            throw FakeAnthropicRefusal("temperature: range: 0..1")
        }
        if body["temperature"] != nil, body["top_p"] != nil, model.id != "claude-3-haiku-20240307" {
            throw FakeAnthropicRefusal(
                "`temperature` and `top_p` cannot both be specified for this model. Please use only one."
            )
        }
        let thinking = (body["thinking"] as? Object)?["type"] as? String
        guard thinking == "enabled" || thinking == "adaptive", let first = options.first else { return }
        throw FakeAnthropicRefusal(
            "`\(first)` may only be set to its default when thinking is enabled or in adaptive mode."
        )
    }

    private func checkThinking(_ body: Object, _ limit: Int) throws {
        if let effort = (body["output_config"] as? Object)?["effort"] as? String, !model.efforts.contains(effort) {
            throw FakeAnthropicRefusal("This model does not support effort level '\(effort)'.")
        }
        guard let thinking = body["thinking"] as? Object else { return }
        switch thinking["type"] as? String {
        case "enabled":
            guard model.acceptsBudget else {
                throw FakeAnthropicRefusal(
                    "\"thinking.type.enabled\" is not supported for this model. Use \"thinking.type.adaptive\"."
                )
            }
            guard let budget = thinking["budget_tokens"] as? Int, budget >= 1024 else {
                throw FakeAnthropicRefusal(
                    "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024"
                )
            }
            guard budget < limit else {
                throw FakeAnthropicRefusal("`max_tokens` must be greater than `thinking.budget_tokens`.")
            }
        case "adaptive":
            guard model.acceptsAdaptive else {
                throw FakeAnthropicRefusal("adaptive thinking is not supported on this model")
            }
        case "disabled": return
        default: throw FakeAnthropicRefusal("thinking: Input tag found does not match any of the expected tags")
        }
        let choice = (body["tool_choice"] as? Object)?["type"] as? String
        if choice == "any" || choice == "tool" {
            throw FakeAnthropicRefusal("Thinking may not be enabled when tool_choice forces tool use.")
        }
    }

    private func checkTools(_ body: Object) throws {
        guard let tools = body["tools"] as? [Object] else {
            guard body["tool_choice"] == nil else {
                throw FakeAnthropicRefusal("tool_choice may only be specified while providing tools.")
            }
            return
        }
        for (index, tool) in tools.enumerated() {
            let name = tool["name"] as? String ?? ""
            guard name.wholeMatch(of: /[a-zA-Z0-9_-]{1,128}/) != nil else {
                throw FakeAnthropicRefusal(
                    "tools.\(index).custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'"
                )
            }
            guard (tool["input_schema"] as? Object)?["type"] as? String == "object" else {
                throw FakeAnthropicRefusal("tools.\(index).custom.input_schema.type: Field required")
            }
        }
        let names = tools.compactMap { $0["name"] as? String }
        guard Set(names).count == names.count else { throw FakeAnthropicRefusal("tools: Tool names must be unique.") }
        guard let choice = body["tool_choice"] as? Object else { return }
        guard ["auto", "any", "tool", "none"].contains(choice["type"] as? String) else {
            throw FakeAnthropicRefusal("tool_choice: Input tag found does not match any of the expected tags")
        }
        if choice["type"] as? String == "tool", !names.contains(choice["name"] as? String ?? "") {
            throw FakeAnthropicRefusal("Tool '\(choice["name"] ?? "")' not found in provided tools")
        }
    }

    private static func count(_ name: String, in value: Any) -> Int {
        switch value {
        case let object as Object:
            object.reduce(0) { $0 + ($1.key == name ? 1 : $1.key == "input_schema" ? 0 : count(name, in: $1.value)) }
        case let list as [Any]: list.reduce(0) { $0 + count(name, in: $1) }
        default: 0
        }
    }
}
