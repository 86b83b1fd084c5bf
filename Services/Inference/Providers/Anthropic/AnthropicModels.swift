import Contracts

/// The used part of the response to `GET /v1/models`.
struct AnthropicModels: Decodable {
    /// The models; an invalid entry hides no other.
    let data: [Entry]
    let hasMore: Bool
    let lastID: String?

    private enum CodingKeys: String, CodingKey {
        case data
        case hasMore = "has_more"
        case lastID = "last_id"
    }

    /// An entry that may be invalid.
    private struct Candidate: Decodable {
        let entry: Entry?

        init(from decoder: any Decoder) throws {
            do { entry = try Entry(from: decoder) } catch { entry = nil }
        }
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        data = try container.decode([Candidate].self, forKey: .data).compactMap(\.entry)
        hasMore = try container.decodeIfPresent(Bool.self, forKey: .hasMore) ?? false
        lastID = try container.decodeIfPresent(String.self, forKey: .lastID)
    }

    struct Entry: Decodable, Sendable {
        var id: String
        var display_name: String?
        var max_input_tokens: Int?
        var max_tokens: Int?
        var capabilities: Capabilities?
        /// `active`, `deprecated` or `retired`.
        var lifecycle: String?

        /// Whether requests that name the model can succeed.
        var isOfUse: Bool { ModelName.isValid(id) && lifecycle != "retired" }
    }

    struct Capabilities: Decodable, Sendable {
        var image_input: Support?
        var structured_outputs: Support?
        var effort: Effort?
        var thinking: Thinking?
    }

    struct Support: Decodable, Sendable {
        var supported: Bool
    }

    struct Thinking: Decodable, Sendable {
        var supported: Bool
        var types: Types?

        struct Types: Decodable, Sendable {
            var adaptive: Support?
            var enabled: Support?
            var disabled: Support?
        }
    }

    struct Effort: Decodable, Sendable {
        var supported: Bool
        var low: Support?
        var medium: Support?
        var high: Support?
        var xhigh: Support?
        var max: Support?

        /// The supported values, in ascending order.
        var values: [String] {
            guard supported else { return [] }
            return [("low", low), ("medium", medium), ("high", high), ("xhigh", xhigh), ("max", max)]
                .filter { $0.1?.supported == true }.map(\.0)
        }
    }

    /// The abilities of a model.
    static func abilities(_ traits: AnthropicModelTraits) -> [Model.Ability] {
        [.chat] + (traits.supportsImages ? [.images] : []) + [.tools]
            + (traits.thinkingMode == .unsupported ? [] : [.reasoning])
    }
}
