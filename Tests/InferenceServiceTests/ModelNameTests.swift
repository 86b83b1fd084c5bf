import Contracts
import Testing

@testable import InferenceService

@Suite struct ModelNameTests {
    @Test(arguments: [
        "demo", "demo/demo", "llama3.2", "llama3.2:latest", "ollama/llama3.2:3b-instruct-q4_K_M",
        "ollama/ns/model:Q8_0",
        "0", "A", "vllm/Qwen/Qwen3-8B", String(repeating: "a", count: 128), "a:" + String(repeating: "Z", count: 64),
    ])
    func `a well-formed name is valid`(_ name: String) {
        #expect(ModelName.isValid(name))
    }

    @Test(arguments: [
        "", " ", "-a", ".a", "_a", "/a", ":a", "a:", "a:b:c", "a/", "a//b", "..", "a..b", "a/../b",
        "../../etc/passwd",
        "..\\a", "a\\b", "a b", "a\tb", "a\nb", "a\r\nHost: evil", "a\0", "a%2e%2e", "a?x=1", "a#b", "a@b", "a&b",
        "a=b", "a;b",
        "a|b", "a`id`", "$(id)", "a'b", "a\"b", "a<b>", "a*b", "a,b", "é", "mоdel", "模型", "😀", "a\u{200B}b",
        "a\u{202E}b",
        "http://evil.example/x", "https://evil.example", "file:///etc/passwd", "localhost:5000/x", "evil.example:80/a",
        "a:../b", "a:b/c", "a: b", "a:é", "\u{FEFF}a", "a ", " a", String(repeating: "a", count: 129),
        "a:" + String(repeating: "b", count: 65), "~a", "a+b", "a^b", "[::1]/a", "{a}", "a!b",
    ])
    func `a hostile name is invalid`(_ name: String) async throws {
        #expect(!ModelName.isValid(name))
        let directory = ModelDirectory([DemoProvider()])
        for name in [name, "ollama/\(name)"] {
            do {
                _ = try directory.route(name)
                Issue.record("\(name) was taken.")
            } catch {
                #expect([.invalid, .missing].contains(error.code))
                #expect(error.message.hasSuffix("."))
            }
        }
    }
}
