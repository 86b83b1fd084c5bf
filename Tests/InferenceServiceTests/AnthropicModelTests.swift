import Contracts
import Foundation
import NIOCore
import NIOHTTP1
import TestSupport
import Testing

@testable import InferenceService

/// What is known of models by their names and by the list, and how efforts become thinking.
struct AnthropicModelTests {
    private typealias Traits = AnthropicModelTraits

    @Test(arguments: [
        ("claude-3-haiku-20240307", 300), ("claude-3-5-haiku-latest", 305), ("claude-3-7-sonnet-20250219", 307),
        ("claude-sonnet-4-20250514", 400), ("claude-opus-4-1-20250805", 401), ("claude-sonnet-4-5", 405),
        ("anthropic.claude-haiku-4-5-20251001-v1:0", 405), ("claude-opus-4-6", 406), ("claude-opus-4-8@20260528", 408),
        ("claude-opus-5", 500), ("claude-sonnet-5-5", 505), ("claude-mythos-preview", 500), ("claude-instant-1.2", 102),
    ])
    func `versions`(_ name: String, _ number: Int) {
        #expect(AnthropicModelVersion(name)?.number == number)
    }

    @Test func `features follow from the version`() {
        #expect(AnthropicModelVersion("kimi-k2") == nil)
        let old = Traits(model: "claude-3-haiku-20240307")
        #expect(old.outputLimit == 4096 && old.window == 200_000 && old.thinkingMode == .unsupported)
        #expect(Traits(model: "claude-opus-4-1").outputLimit == 32_000)
        let middle = Traits(model: "claude-sonnet-4-5")
        #expect(middle.outputLimit == 64_000 && middle.thinkingMode == .budget && middle.supportsSchemas)
        #expect(middle.acceptsSampling && !middle.acceptsTemperatureWithTopP && middle.acceptsPrefill)
        let new = Traits(model: "claude-opus-4-8")
        #expect(new.outputLimit == 128_000 && new.window == 1_000_000 && new.thinkingMode == .adaptive)
        #expect(!new.acceptsSampling && !new.acceptsPrefill && !new.thinksByDefault)
        #expect(
            !Traits(model: "claude-fable-5").acceptsDisabledThinking && Traits(model: "claude-opus-5").thinksByDefault
        )
        let other = Traits(model: "kimi-k2")
        #expect(other.window == 32_768 && other.outputLimit == 8192 && other.acceptsSampling)
    }

    @Test func `the list knows better`() throws {
        let text = """
            {"data":[{"id":"claude-next-9","type":"model","display_name":"Next","max_input_tokens":300000,
            "max_tokens":9000,"capabilities":{"image_input":{"supported":false},"structured_outputs":{"supported":false},
            "effort":{"supported":true,"low":{"supported":true},"high":{"supported":true}},
            "thinking":{"supported":true,"types":{"adaptive":{"supported":false},"enabled":{"supported":true},
            "disabled":{"supported":false}}}}},{"no":"id"},{"id":"claude-old-1","lifecycle":"retired"}],
            "has_more":true,"last_id":"claude-old-1"}
            """
        let list = try JSONDecoder().decode(AnthropicModels.self, from: Data(text.utf8))
        #expect(list.data.map(\.id) == ["claude-next-9", "claude-old-1"] && list.hasMore)
        #expect(list.data.map(\.isOfUse) == [true, false])
        let traits = Traits(model: "claude-next-9", entry: list.data[0])
        #expect(traits.window == 300_000 && traits.outputLimit == 9000 && traits.thinkingMode == .budget)
        #expect(!traits.supportsImages && !traits.supportsSchemas && !traits.acceptsDisabledThinking)
        #expect(traits.efforts == ["low", "high"])
        #expect(AnthropicModels.abilities(traits) == [.chat, .tools, .reasoning])
    }

    @Test(arguments: [
        ("low", 64_000, 2048), ("minimal", 64_000, 1024), ("medium", 64_000, 8192), ("high", 64_000, 24_576),
        ("max", 64_000, 32_000), ("high", 4000, 2000), ("high", 1500, 1024),
    ])
    func `a budget leaves half of the limit`(_ effort: String, _ limit: Int, _ budget: Int) {
        let traits = Traits(model: "claude-sonnet-4-5")
        #expect(AnthropicThinking(effort: effort, traits: traits, maxTokens: limit).mode == .budget(budget))
    }

    @Test func `thinking that is impossible is not asked for`() {
        let budget = Traits(model: "claude-sonnet-4-5")
        func mode(
            _ effort: String?,
            _ traits: Traits,
            limit: Int = 8000,
            forced: Bool = false,
            lacking: Bool = false
        ) -> AnthropicThinking.Mode {
            AnthropicThinking(
                effort: effort,
                traits: traits,
                maxTokens: limit,
                isForced: forced,
                lacksThinking: lacking
            ).mode
        }
        for effort in [nil, "none", "unknown"] { #expect(mode(effort, budget) == .standard) }
        #expect(mode("high", budget, limit: 1024) == .standard && mode("high", budget, forced: true) == .standard)
        #expect(mode("high", budget, lacking: true) == .standard)
        #expect(mode("high", Traits(model: "claude-3-haiku-20240307")) == .standard)
        let adaptive = Traits(model: "claude-opus-5")
        #expect(mode("high", adaptive) == .adaptive && mode("high", adaptive, lacking: true) == .adaptive)
        #expect(mode("none", adaptive) == .disabled && mode("high", adaptive, forced: true) == .disabled)
        #expect(mode(nil, adaptive, forced: true) == .disabled && mode(nil, adaptive) == .standard)
        let fable = AnthropicThinking(effort: "none", traits: Traits(model: "claude-fable-5"), maxTokens: 8000)
        #expect(fable.mode == .standard && fable.effort == "low")
    }

    @Test(arguments: [
        ("claude-opus-4-6", "xhigh", "high"), ("claude-opus-4-6", "max", "max"), ("claude-opus-5", "xhigh", "xhigh"),
        ("claude-opus-5", "minimal", "low"), ("claude-opus-5", "medium", "medium"),
    ])
    func `an effort becomes the nearest one`(_ model: String, _ effort: String, _ expected: String) {
        #expect(AnthropicThinking(effort: effort, traits: Traits(model: model), maxTokens: 8000).effort == expected)
    }

    @Test(arguments: [
        (
            #"{"type":"object","properties":{"a":{"type":"string","enum":["x"]}},"required":["a"],"additionalProperties":false}"#,
            true
        ),
        (#"{"type":"object","properties":{"minimum":{"type":"integer"}},"additionalProperties":false}"#, true),
        (#"{"type":"object","properties":{"a":{"type":"integer","minimum":1}},"additionalProperties":false}"#, false),
        (#"{"type":"object","properties":{}}"#, false), (#"{"properties":{},"additionalProperties":true}"#, false),
        (#"{"type":"array","items":{"anyOf":[{"type":"string"},{"type":"null"}]}}"#, true),
        (#"{"type":"array","items":{"oneOf":[{"type":"string"}]}}"#, false),
        (##"{"$defs":{"a":{"type":"string"}},"anyOf":[{"$ref":"#/$defs/a"}]}"##, true),
        (##"{"$defs":{"a":{"anyOf":[{"$ref":"#/$defs/a"}]}},"anyOf":[{"$ref":"#/$defs/a"}]}"##, false),
        ("[]", false),
    ])
    func `schemas that Anthropic accepts`(_ schema: String, _ expected: Bool) {
        #expect(AnthropicSchema.isSupported(.init(string: schema)) == expected)
    }

    @Test func `the reset of an exhausted limit is the pause`() {
        let now = Date(timeIntervalSince1970: 1_795_248_000)
        func pause(_ remaining: String, _ reset: String) -> Duration? {
            AnthropicRateLimits([
                "anthropic-ratelimit-requests-remaining": "49",
                "anthropic-ratelimit-requests-reset": "2026-11-21T09:00:00Z",
                "anthropic-ratelimit-input-tokens-remaining": remaining,
                "anthropic-ratelimit-input-tokens-reset": reset,
            ]).delay(now: now)
        }
        #expect(pause("0", "2026-11-21T08:00:30Z") == .seconds(30) && pause("1000", "2026-11-21T08:00:30Z") == nil)
        #expect(pause("0", "2026-11-21T07:00:00Z") == .zero && pause("0", "soon") == nil)
        #expect(pause("0", "2027-11-21T08:00:30Z") == nil)
    }
}
