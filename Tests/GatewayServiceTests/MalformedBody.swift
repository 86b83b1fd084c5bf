/// Malformed bodies; each is sent as JSON with a valid credential.
struct MalformedBody: Sendable {
    var description: String
    var bytes: [UInt8]

    init(_ description: String, _ text: String) {
        self.init(description, Array(text.utf8))
    }

    init(_ description: String, _ bytes: [UInt8]) {
        self.description = description
        self.bytes = bytes
    }

    /// Wrong as JSON, whatever it means.
    static let json: [MalformedBody] = [
        MalformedBody("nothing", ""),
        MalformedBody("blanks", " \r\n\t "),
        MalformedBody("a word", "content"),
        MalformedBody("null", "null"),
        MalformedBody("a number", "1"),
        MalformedBody("a string", "\"content\""),
        MalformedBody("an array", "[]"),
        MalformedBody("an array of objects", "[{\"content\":\"x\"}]"),
        MalformedBody("an open brace", "{"),
        MalformedBody("a closed brace", "}"),
        MalformedBody("an open string", "{\"content\":\"x"),
        MalformedBody("an open object", "{\"content\":\"x\""),
        MalformedBody("a comma too many", "{\"content\":\"x\",}"),
        MalformedBody("a comma too early", "{,\"content\":\"x\"}"),
        MalformedBody("no comma", "{\"content\":\"x\" \"a\":1}"),
        MalformedBody("no colon", "{\"content\" \"x\"}"),
        MalformedBody("no value", "{\"content\":}"),
        MalformedBody("no quotes", "{content:\"x\"}"),
        MalformedBody("single quotes", "{'content':'x'}"),
        MalformedBody("a comment", "{\"content\":\"x\"/* */}"),
        MalformedBody("two values", "{\"content\":\"x\"}{}"),
        MalformedBody("something after", "{\"content\":\"x\"} x"),
        MalformedBody("NUL after", "{\"content\":\"x\"}\u{0}"),
        MalformedBody("the wrong bracket", "{\"content\":\"x\"]"),
        MalformedBody("an array never closed", "{\"content\":\"x\",\"media_urls\":[\"a\"}"),
        MalformedBody("a bare newline in a string", "{\"content\":\"a\nb\"}"),
        MalformedBody("a control character in a string", "{\"content\":\"a\u{1}b\"}"),
        MalformedBody("an unknown escape", "{\"content\":\"\\x41\"}"),
        MalformedBody("half an escape", "{\"content\":\"\\"),
        MalformedBody("an escape of three digits", "{\"content\":\"\\u004\"}"),
        MalformedBody("an escape of letters", "{\"content\":\"\\uZZZZ\"}"),
        MalformedBody("a high surrogate alone", "{\"content\":\"\\ud800\"}"),
        MalformedBody("a low surrogate alone", "{\"content\":\"\\udc00\"}"),
        MalformedBody("surrogates the wrong way round", "{\"content\":\"\\udc00\\ud800\"}"),
        MalformedBody("an escaped NUL", "{\"content\":\"a\\u0000b\"}"),
        MalformedBody("a key twice", "{\"content\":\"x\",\"content\":\"y\"}"),
        MalformedBody("a key twice, once escaped", "{\"content\":\"x\",\"c\\u006fntent\":\"y\"}"),
        MalformedBody("a key twice, deep inside", "{\"content\":\"x\",\"a\":[{\"b\":{\"c\":1,\"c\":2}}]}"),
        MalformedBody("64 arrays in an object", nested("[", "]", 64)),
        MalformedBody("1,000 arrays", nested("[", "]", 1000)),
        MalformedBody("100,000 open arrays", nested("[", "", 100_000)),
        MalformedBody("1,000 objects", nested("{\"a\":", "}", 1000)),
        MalformedBody("a number of two signs", "{\"content\":\"x\",\"audio_duration_seconds\":--1}"),
        MalformedBody("a number with a leading zero", "{\"content\":\"x\",\"audio_duration_seconds\":01}"),
        MalformedBody("NaN", "{\"content\":\"x\",\"audio_duration_seconds\":NaN}"),
        MalformedBody("Infinity", "{\"content\":\"x\",\"audio_duration_seconds\":Infinity}"),
        MalformedBody("a number beyond all bounds", "{\"content\":\"x\",\"audio_duration_seconds\":1e999}"),
        MalformedBody("a number of 1,000 digits", "{\"content\":\(String(repeating: "9", count: 1000))}"),
        MalformedBody("a byte order mark", [0xEF, 0xBB, 0xBF] + Array("{\"content\":\"x\"}".utf8)),
        MalformedBody("UTF-16", Array("{\"content\":\"x\"}".utf16).flatMap { [UInt8(truncatingIfNeeded: $0), 0] }),
        MalformedBody(
            "UTF-16 with its mark",
            [0xFF, 0xFE] + Array("{}".utf16).flatMap { [UInt8(truncatingIfNeeded: $0), 0] }
        ),
        MalformedBody("a lone continuation byte", text([0x80])),
        MalformedBody("a cut sequence", text([0xE2, 0x82])),
        MalformedBody("an overlong slash", text([0xC0, 0xAF])),
        MalformedBody("a surrogate in UTF-8", text([0xED, 0xA0, 0x80])),
        MalformedBody("a scalar beyond Unicode", text([0xF4, 0x90, 0x80, 0x80])),
        MalformedBody("0xFF", text([0xFF])),
    ]

    /// Right as JSON, wrong as a message.
    static let messages: [MalformedBody] = [
        MalformedBody("nothing said", "{}"),
        MalformedBody("content null", "{\"content\":null}"),
        MalformedBody("content empty", "{\"content\":\"\",\"message_type\":\"text\"}"),
        MalformedBody("content blank", "{\"content\":\" \\n\\t\u{3000}\",\"message_type\":\"text\"}"),
        MalformedBody("content true", "{\"content\":true}"),
        MalformedBody("content an array", "{\"content\":[\"x\"]}"),
        MalformedBody("content an object", "{\"content\":{\"text\":\"x\"}}"),
        MalformedBody("content of 4,001 characters", "{\"content\":\"\(String(repeating: "x", count: 4001))\"}"),
        MalformedBody("content of 4,001 marks", "{\"content\":\"x\(String(repeating: "\u{301}", count: 4000))\"}"),
        MalformedBody("an unknown type", "{\"content\":\"x\",\"message_type\":\"video\"}"),
        MalformedBody("an empty type", "{\"content\":\"x\",\"message_type\":\"\"}"),
        MalformedBody("a type that is a number", "{\"content\":\"x\",\"message_type\":1}"),
        MalformedBody("an image without one", "{\"message_type\":\"image\"}"),
        MalformedBody("an image with none", "{\"message_type\":\"image\",\"media_urls\":[]}"),
        MalformedBody("an image with a blank one", "{\"message_type\":\"image\",\"media_urls\":[\" \"]}"),
        MalformedBody(
            "multimodal with null",
            "{\"content\":\"x\",\"message_type\":\"multimodal\",\"media_urls\":null}"
        ),
        MalformedBody("eleven images", "{\"message_type\":\"image\",\"media_urls\":[\(elevenImages)]}"),
        MalformedBody("an image that is a number", "{\"message_type\":\"image\",\"media_urls\":[1]}"),
        MalformedBody("an image that is null", "{\"message_type\":\"image\",\"media_urls\":[null]}"),
        MalformedBody("an image of 3,000 bytes", "{\"message_type\":\"image\",\"media_urls\":\"\(longName)\"}"),
        MalformedBody("audio without any", "{\"message_type\":\"audio\"}"),
        MalformedBody("audio null", "{\"message_type\":\"audio\",\"audio_url\":null}"),
        MalformedBody("audio blank", "{\"message_type\":\"audio\",\"audio_url\":\" \"}"),
        MalformedBody("audio of 301 seconds", audio(seconds: "301")),
        MalformedBody("audio of -1 seconds", audio(seconds: "-1")),
        MalformedBody("audio of 15.5 seconds", audio(seconds: "15.5")),
        MalformedBody("audio of 1e300 seconds", audio(seconds: "1e300")),
        MalformedBody("audio of “x” seconds", audio(seconds: "\"x\"")),
        MalformedBody("audio of true seconds", audio(seconds: "true")),
        MalformedBody("a stream that is a text", "{\"content\":\"x\",\"stream\":\"perhaps\"}"),
    ]

    private static let elevenImages = Array(repeating: "\"a\"", count: 11).joined(separator: ",")
    private static let longName = String(repeating: "a", count: 3000)

    private static func audio(seconds: String) -> String {
        "{\"message_type\":\"audio\",\"audio_url\":\"a.mp3\",\"audio_duration_seconds\":\(seconds)}"
    }

    private static func nested(_ open: String, _ close: String, _ depth: Int) -> String {
        let inside = String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)
        return "{\"content\":\"x\",\"a\":\(inside)}"
    }

    private static func text(_ bytes: [UInt8]) -> [UInt8] {
        Array("{\"content\":\"a".utf8) + bytes + Array("b\"}".utf8)
    }
}
