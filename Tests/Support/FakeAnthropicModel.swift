/// A model in the list of a fake Anthropic.
struct FakeAnthropicModel: Sendable {
    /// How the model thinks on request.
    enum Thinking: Sendable {
        case none
        case budget
        case both
        case adaptive
    }

    let id: String
    let title: String
    var window = 200_000
    var output = 64_000
    var thinking = Thinking.budget
    var efforts: [String] = []
    var hasSchemas = true

    static let all = [
        FakeAnthropicModel(
            id: "claude-opus-5",
            title: "Claude Opus 5",
            window: 1_000_000,
            output: 128_000,
            thinking: .adaptive,
            efforts: ["low", "medium", "high", "xhigh", "max"]
        ),
        FakeAnthropicModel(
            id: "claude-opus-4-6",
            title: "Claude Opus 4.6",
            window: 1_000_000,
            output: 128_000,
            thinking: .both,
            efforts: ["low", "medium", "high", "max"]
        ),
        FakeAnthropicModel(id: "claude-sonnet-4-5-20250929", title: "Claude Sonnet 4.5"),
        FakeAnthropicModel(id: "claude-haiku-4-5-20251001", title: "Claude Haiku 4.5"),
        FakeAnthropicModel(
            id: "claude-opus-4-1-20250805",
            title: "Claude Opus 4.1",
            output: 32_000,
            hasSchemas: false
        ),
        FakeAnthropicModel(
            id: "claude-3-haiku-20240307",
            title: "Claude Haiku 3",
            output: 4096,
            thinking: .none,
            hasSchemas: false
        ),
    ]

    /// The model with an identifier, or with its alias without a date.
    static func named(_ name: String) -> FakeAnthropicModel? {
        all.first { $0.id == name } ?? all.first { $0.id.hasPrefix(name + "-2") }
    }

    var acceptsBudget: Bool { thinking == .budget || thinking == .both }
    var acceptsAdaptive: Bool { thinking == .adaptive || thinking == .both }
    /// Whether sampling options are gone, as from version 4.7 on.
    var rejectsSampling: Bool { thinking == .adaptive }
    var rejectsPrefill: Bool { acceptsAdaptive }

    var text: String {
        let effort = ["high", "low", "max", "medium", "xhigh"].map { "\"\($0)\":\(support(efforts.contains($0)))" }
        return """
            {"type":"model","id":"\(id)","display_name":"\(title)","created_at":"2025-09-29T00:00:00Z",\
            "deprecated_at":null,"retires_at":null,"lifecycle":"active","line":null,"max_input_tokens":\(window),\
            "max_tokens":\(output),"capabilities":{"batch":\(support(true)),"citations":\(support(true)),\
            "code_execution":\(support(false)),"context_management":{"supported":false},\
            "effort":{"supported":\(!efforts.isEmpty),\(effort.joined(separator: ","))},\
            "image_input":\(support(true)),"pdf_input":\(support(true)),"server_tools":{"supported":false,\
            "code_execution":\(support(false)),"web_search":\(support(false))},\
            "structured_outputs":\(support(hasSchemas)),"thinking":{"supported":\(thinking != .none),\
            "types":{"adaptive":\(support(acceptsAdaptive)),"between_tools":\(support(false)),\
            "disabled":\(support(true)),"enabled":\(support(acceptsBudget))}}}}
            """
    }

    private func support(_ isSupported: Bool) -> String { "{\"supported\":\(isSupported)}" }
}
