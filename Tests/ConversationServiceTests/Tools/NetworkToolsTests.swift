import Bus
import Contracts
import ServiceKit
import TestSupport
import Testing

@testable import ConversationService

/// The settings of the tools that use other servers, and the list of tools.
@Suite(.timeLimit(.minutes(5)))
struct NetworkToolsTests {
    private static let all = [
        "WEATHER_URL": "https://weather.example.com", "WEB_SEARCH_URL": "http://127.0.0.1:8888",
        "IMAGES_URL": "https://images.example.com/v1", "IMAGES_API_KEY": "sk-a", "IMAGES_MODEL": "dall-e-3",
    ]

    private func handlers(_ values: [String: String]) throws -> ToolHandlers {
        let tools = try NetworkTools(settings: Settings(values: values))
        return ToolHandlers(registry: ToolRegistry(tools.available, unavailable: tools.unavailable))
    }

    @Test func `a tool without its setting does not exist`() async throws {
        let handlers = try handlers([:])
        #expect(handlers.registry.tools.isEmpty)
        #expect(handlers.registry.declarations(of: ["get_weather", "ddg_search", "gen_image"]) == nil)
        let call = Inference.ToolCall(id: "1", name: "web_search", arguments: #"{"query":"a"}"#)
        let result = try await handlers.registry.run(call, allowed: ["web_search"], .sample())
        #expect(result == .invalidCall)
        let list = await handlers.list(Tools.List(), CallContext())
        #expect(list.map(\.name) == ["get_weather", "web_search", "generate_image"])
        #expect(list.allSatisfy { !$0.isAvailable && $0.fault == nil })
        #expect(list.map(\.setting) == ["WEATHER_URL", "WEB_SEARCH_URL", "IMAGES_URL"])
    }

    @Test func `each setting switches on its tool`() async throws {
        #expect(try handlers(Self.all).registry.tools.map(\.declaration.name).count == 3)
        for (name, setting) in [("get_weather", "WEATHER_URL"), ("web_search", "WEB_SEARCH_URL")] {
            let list = try await handlers([setting: "http://127.0.0.1:1"]).list(Tools.List(), CallContext())
            #expect(list.filter(\.isAvailable).map(\.name) == [name])
            #expect(list.first?.name == name)
        }
        let declarations = try handlers(Self.all).registry.declarations(of: ["gen_image", "get_weather"])
        #expect(declarations?.text.contains(#""name":"generate_image""#) == true)
        #expect(declarations?.text.contains("web_search") == false)
    }

    @Test(arguments: [
        (["WEATHER_URL": "weather.example.com"], "WEATHER_URL"), (["WEATHER_URL": "ftp://a"], "WEATHER_URL"),
        (["WEB_SEARCH_URL": "http://a,http://b"], "one URL"), (["WEB_SEARCH_URL": "http://a?q=1"], "without a query"),
        (["IMAGES_URL": "https://user:secret@a/v1"], "IMAGES_URL"),
        (["IMAGES_API_KEY": "sk-secret"], "without IMAGES_URL"),
        (["IMAGES_MODEL": "dall-e-3"], "without IMAGES_URL"),
        (["IMAGES_URL": "https://a/v1", "IMAGES_API_KEY": "sk secret"], "visible ASCII"),
    ])
    func `an invalid setting stops the start`(values: [String: String], words: String) throws {
        let error = #expect(throws: InvalidSetting.self) { try NetworkTools(settings: Settings(values: values)) }
        #expect(error?.message.contains(words) == true)
        #expect(error?.message.contains("secret") == false)
    }

    @Test func `a check reports the tools whose server does not answer`() async throws {
        try await withFakeOpenMeteo { weather in
            try await withFakeSearXNG { search in
                search.always(nil, FakeSearXNG.htmlForbidden)
                var settings = ["WEATHER_URL": weather.url, "WEB_SEARCH_URL": search.url]
                settings["IMAGES_URL"] = "http://127.0.0.1:9/v1"
                let unchecked = try await handlers(settings).list(Tools.List(), CallContext())
                #expect(unchecked.allSatisfy { $0.isAvailable && $0.fault == nil })
                #expect(weather.requests().isEmpty && search.requests().isEmpty)
                let list = try await handlers(settings).list(Tools.List(isChecked: true), CallContext())
                #expect(list.map { $0.fault == nil } == [true, false, false])
                #expect(list[1].fault?.message.contains("format json") == true)
                #expect(list[2].fault?.message == "The image service cannot be reached.")
            }
        }
    }

    @Test func `a text from the network is one line without invisible characters`() {
        #expect(ExternalText.line(" a\u{0}\u{1B}[31m\tb\r\n\u{2028}c ", limit: 100) == "a [31m b c")
        #expect(ExternalText.line("\u{202E}a\u{200B}b\u{E0041}\u{FEFF}\u{E000}", limit: 100) == "ab")
        #expect(ExternalText.line("👩‍🍳 é", limit: 100) == "👩‍🍳 é")
        #expect(ExternalText.line("abc def", limit: 4) == "abc…")
        #expect(ExternalText.line("abc", limit: 3) == "abc")
        #expect(ExternalText.line("", limit: 3) == "")
    }
}
