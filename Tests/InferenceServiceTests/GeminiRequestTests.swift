import Contracts
import NIOCore
import Testing

@testable import InferenceService

/// Requests to Gemini, byte for byte.
@Suite struct GeminiRequestTests {
    /// The body of a request for messages.
    private func body(
        _ messages: [Inference.Message],
        model: String = "gemini-2.0-flash",
        options: Inference.Options = Inference.Options(),
        tools: String? = nil,
        choice: String? = nil,
        format: String? = nil
    ) throws -> String {
        var prompt = Prompt(model: model, messages: ByteBuffer(), parsedMessages: ToolHistory.repaired(messages))
        prompt.options = options
        prompt.plan = try ToolPlan(
            tools: tools.map { ByteBuffer(string: $0) },
            choice: choice.map { ByteBuffer(string: $0) },
            format: format.map { ByteBuffer(string: $0) }
        )
        let request = try GeminiRequest(
            prompt: prompt,
            traits: GeminiModelTraits(model: model),
            media: GeminiMedia(passesAddresses: false)
        )
        return String(buffer: request.encoded())
    }

    private let hello = Inference.Message(role: .user, content: "Hello")

    @Test func `instructions are separate, and turns alternate`() throws {
        let messages: [Inference.Message] = [
            .init(role: .system, content: "Be \"kind\"."), .init(role: .user, content: "a"),
            .init(role: .user, content: .parts([.init(text: "b"), .init(text: "")])),
            .init(role: .assistant, content: "c"), .init(role: .assistant, content: nil),
            .init(role: .assistant, content: .parts([.init(text: "d")])),
            .init(role: .developer, content: "Be short."), .init(role: .user, content: "e\n"),
        ]
        let wanted = """
            {"systemInstruction":{"parts":[{"text":"Be \\"kind\\"."},{"text":"Be short."}]},"contents":[\
            {"role":"user","parts":[{"text":"a"},{"text":"b"}]},{"role":"model","parts":[{"text":"c"},{"text":"d"}]},\
            {"role":"user","parts":[{"text":"e\\n"}]}]}
            """
        #expect(try body(messages) == wanted)
    }

    @Test func `an open model without system instructions receives them from the user`() throws {
        let messages: [Inference.Message] = [.init(role: .system, content: "Be kind."), hello]
        let wanted = #"{"contents":[{"role":"user","parts":[{"text":"Be kind."},{"text":"Hello"}]}]}"#
        #expect(try body(messages, model: "gemma-3-27b-it") == wanted)
    }

    @Test func `instructions alone become a user turn`() throws {
        let messages: [Inference.Message] = [
            .init(role: .system, content: "Be kind."), .init(role: .developer, content: "Greet."),
        ]
        let wanted = #"{"contents":[{"role":"user","parts":[{"text":"Be kind."},{"text":"Greet."}]}]}"#
        #expect(try body(messages) == wanted)
    }

    @Test func `a conversation without content is invalid`() throws {
        #expect(throws: ProviderError.self) { try body([.init(role: .system, content: "")]) }
        #expect(throws: ProviderError.self) { try body([.init(role: .assistant, content: "")]) }
    }

    @Test func `options have Gemini's names, and unsupported ones are omitted`() throws {
        var options = Inference.Options(maxTokens: 77, stop: ["END", "\n"], temperature: 0.25, seed: 1 << 40 | 5)
        (options.topP, options.topK, options.minP) = (0.9, 40, 0.1)
        (options.frequencyPenalty, options.presencePenalty) = (0.5, -0.5)
        (options.logprobs, options.topLogprobs, options.parallelToolCalls) = (true, 3, false)
        let wanted = """
            {"contents":[{"role":"user","parts":[{"text":"Hello"}]}],"generationConfig":{"temperature":0.25,"topP":0.9,\
            "topK":40,"maxOutputTokens":77,"stopSequences":["END","\\n"],"seed":5,"presencePenalty":-0.5,\
            "frequencyPenalty":0.5}}
            """
        #expect(try body([hello], options: options) == wanted)
        var unknown = Inference.Options(stop: [])
        (unknown.minP, unknown.logprobs, unknown.reasoningEffort) = (0.1, true, "high")
        #expect(try body([hello], options: unknown) == #"{"contents":[{"role":"user","parts":[{"text":"Hello"}]}]}"#)
    }

    @Test func `too many stop texts are rejected, and another model may be tried`() throws {
        let options = Inference.Options(stop: ["1", "2", "3", "4", "5", "6"])
        let error = try #require(throws: ProviderError.self) { try body([hello], options: options) }
        #expect(error.fault.code == .invalid)
        #expect(error.fault.message == "Gemini supports at most 5 stop texts; the request has 6.")
        #expect(error.cause == .unsupported)
    }

    @Test(
        arguments: [
            ("gemini-2.5-flash", nil, #"{"includeThoughts":true}"#),
            ("gemini-2.5-flash", "none", #"{"thinkingBudget":0}"#),
            ("gemini-2.5-flash", "minimal", #"{"includeThoughts":true,"thinkingBudget":1024}"#),
            ("gemini-2.5-flash", "low", #"{"includeThoughts":true,"thinkingBudget":1024}"#),
            ("gemini-2.5-flash", "medium", #"{"includeThoughts":true,"thinkingBudget":8192}"#),
            ("gemini-2.5-flash", "high", #"{"includeThoughts":true,"thinkingBudget":24576}"#),
            ("gemini-2.5-flash", "extraordinary", #"{"includeThoughts":true}"#),
            ("gemini-2.5-flash-lite", nil, nil),
            ("gemini-2.5-flash-lite", "low", #"{"includeThoughts":true,"thinkingBudget":1024}"#),
            ("gemini-2.5-pro", "none", #"{"includeThoughts":true,"thinkingBudget":128}"#),
            ("gemini-2.5-pro", "max", #"{"includeThoughts":true,"thinkingBudget":32768}"#),
            ("gemini-3-pro-preview", nil, #"{"includeThoughts":true}"#),
            ("gemini-3-pro-preview", "none", #"{"includeThoughts":true,"thinkingLevel":"LOW"}"#),
            ("gemini-3-pro-preview", "medium", #"{"includeThoughts":true,"thinkingLevel":"HIGH"}"#),
            ("gemini-3.1-pro-preview", "medium", #"{"includeThoughts":true,"thinkingLevel":"MEDIUM"}"#),
            ("gemini-3.5-flash", "minimal", #"{"includeThoughts":true,"thinkingLevel":"MINIMAL"}"#),
            ("gemini-flash-latest", "high", #"{"includeThoughts":true,"thinkingBudget":24576}"#),
            ("gemini-2.0-flash", "high", nil), ("gemini-2.5-flash-image", nil, nil), ("gemma-3-27b-it", "low", nil),
            ("gemini-2.5-flash-preview-tts", nil, nil), ("tunedModels/mine", "low", nil), ("gemini-x.y.z", "low", nil),
        ] as [(String, String?, String?)]
    )
    func `a reasoning effort is converted for the model's version`(
        _ model: String,
        _ effort: String?,
        _ wanted: String?
    ) throws {
        var options = Inference.Options()
        options.reasoningEffort = effort
        let text = try body([hello], model: model, options: options)
        let end = wanted.map { #","generationConfig":{"thinkingConfig":\#($0)}}"# } ?? "}"
        #expect(text == #"{"contents":[{"role":"user","parts":[{"text":"Hello"}]}]"# + end)
    }

    @Test func `tools keep their schemas unchanged`() throws {
        let schema =
            #"{ "type":"object","properties":{"city":{"type":"string","x":1e2}},"additionalProperties":false }"#
        let tools = """
            [{"type":"function","function":{"name":"weather","description":"Says \\"it\\".","parameters":\(schema),"strict":true}},
             {"type":"function","function":{"name":"now"}}]
            """
        let text = try body([hello], tools: tools)
        let wanted = """
            "tools":[{"functionDeclarations":[{"name":"weather","description":"Says \\"it\\".","parametersJsonSchema":\(schema)},\
            {"name":"now"}]}]}
            """
        #expect(text.hasSuffix(wanted))
        #expect(try body([hello], tools: "[]", choice: "\"auto\"").contains("tool") == false)
    }

    @Test(arguments: [
        (#""auto""#, #"{"mode":"AUTO"}"#), (#""none""#, #"{"mode":"NONE"}"#), (#""required""#, #"{"mode":"ANY"}"#),
        (#"{"type":"function","function":{"name":"now"}}"#, #"{"mode":"ANY","allowedFunctionNames":["now"]}"#),
    ])
    func `the tool choice is converted to Gemini's format`(_ choice: String, _ wanted: String) throws {
        let text = try body([hello], tools: #"[{"type":"function","function":{"name":"now"}}]"#, choice: choice)
        #expect(text.hasSuffix(#","toolConfig":{"functionCallingConfig":\#(wanted)}}"#))
    }

    @Test(
        arguments: [
            ("{}", nil), (#"[{"type":"custom","custom":{"name":"x"}}]"#, nil), (#"[{"type":"function"}]"#, nil),
            ("[1]", nil),
            ("[{]", nil), (#"[{"type":"function","function":{"name":"x","parameters":{"a" 1}}}]"#, nil),
            ("[]", #""sometimes""#), ("[]", #"{"type":"allowed_tools"}"#), ("[]", "["),
        ] as [(String, String?)]
    )
    func `invalid tools and choices are rejected`(_ tools: String, _ choice: String?) throws {
        let error = try #require(throws: (any Error).self) { try body([hello], tools: tools, choice: choice) }
        let fault = try #require((error as? ProviderError)?.fault ?? error as? Fault)
        #expect(fault.code == .invalid)
        #expect(fault.message.hasSuffix("."))
    }

    @Test(
        arguments: [
            (#"{"type":"text"}"#, nil), (#"{"type":"json_object"}"#, #"{"responseMimeType":"application/json"}"#),
            (
                #"{"type":"json_schema","json_schema":{"name":"a","strict":true,"schema":{"type": "object"}}}"#,
                #"{"responseMimeType":"application/json","responseJsonSchema":{"type": "object"}}"#
            ),
            (#"{"type":"json_schema","json_schema":{"name":"a"}}"#, #"{"responseMimeType":"application/json"}"#),
        ] as [(String, String?)]
    )
    func `the response format is converted to Gemini's format`(_ format: String, _ wanted: String?) throws {
        let text = try body([hello], format: format)
        #expect(text.hasSuffix(wanted.map { #"],"generationConfig":\#($0)}"# } ?? "}]}]}"))
    }
}
