import HTTP
import Testing

struct HTTPTargetTests {
    @Test func `urls are taken apart`() throws {
        let plain = try HTTPTarget.parse("http://example.test:8002/api/chat?x=1")
        #expect(plain.target == HTTPTarget(host: "example.test", port: 8002))
        #expect(plain.path == "/api/chat?x=1")
        #expect(
            try HTTPTarget.parse("https://example.test").target
                == HTTPTarget(isSecure: true, host: "example.test", port: 443)
        )
        #expect(try HTTPTarget.parse("http://[::1]:80/").target.authority == "[::1]")
    }

    @Test(arguments: [
        "", "example.test", "ftp://example.test", "http://", "http://a b/", "http://a:b/", "http://a:70000/",
        "http://user@example.test/", "http://a/\r\nx: y", "http://a:1:2/", "http://[::1", "http://a/ü",
    ])
    func `what is no url is refused`(url: String) {
        #expect(throws: HTTPClientError.self) { _ = try HTTPTarget.parse(url) }
    }
}
