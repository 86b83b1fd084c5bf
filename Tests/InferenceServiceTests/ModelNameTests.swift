import Contracts
import HTTP
import Testing

@testable import InferenceService

@Suite struct ModelNameTests {
    @Test(arguments: [
        "demo", "demo/demo", "llama3.2", "llama3.2:latest", "ollama/llama3.2:3b-instruct-q4_K_M",
        "/my/llms/Qwen3", "qwen2.5-72b-instruct@4bit", "ft:gpt-3.5-turbo-0613:acme::A1", "my model", "a..b", "a//b",
        "a/",
        "-a", "~/models/x.gguf", "C:\\models\\x", "a?x=1", "a#b", "a%2e%2e", "模型", "é", "😀", "a+b", "[::1]/a",
        String(repeating: "a", count: 256),
    ])
    func `any printable identifier is valid`(_ name: String) {
        #expect(ModelName.isValid(name))
        #expect(ModelName.printable(name) == String(name.prefix(64)))
    }

    @Test(arguments: [
        "", " ", "..", "a/../b", "../../etc/passwd", "a/.", "./a", "a\tb", "a\nb", "a\r\nHost: evil", "a\0", "a ", " a",
        "a\u{200B}b", "a\u{202E}b", "\u{FEFF}a", "a\u{7F}", "a\u{A0}b", "a\u{2028}b", "\u{E000}",
        String(repeating: "a", count: 257), String(repeating: "模", count: 86),
    ])
    func `a name that cannot be printed or is a path to elsewhere is invalid`(_ name: String) async throws {
        #expect(!ModelName.isValid(name))
        let directory = ModelDirectory([DemoProvider()])
        do {
            _ = try directory.route(name)
            Issue.record("\(name) was taken.")
        } catch {
            #expect(error.code == .invalid)
            #expect(error.message.hasSuffix("."))
            #expect(!error.message.contains("\n") && !error.message.contains("\0"))
        }
    }

    @Test(arguments: ["evil.example/x", "a/b/c", "a\\b", "a b", "http://evil.example/x", "a:b:c", "-a", "a/", "a//b"])
    func `a name that Ollama might take to another host cannot be pulled`(_ name: String) throws {
        let ollama = try OllamaProvider(url: "http://127.0.0.1:1", isConfigured: true, windowLimit: 1, client: .init())
        #expect(throws: Fault.self) { try ollama.managedModel(name) }
    }

    @Test func `spellings of a name are one job`() throws {
        let ollama = try OllamaProvider(url: "http://127.0.0.1:1", isConfigured: true, windowLimit: 1, client: .init())
        let keys = try ["llama3.2", "library/llama3.2", "llama3.2:latest", "Llama3.2"].map {
            try ollama.managedModel($0).key
        }
        #expect(Set(keys).count == 1)
    }

    @Test(arguments: [("kitten", "sitting", 3), ("", "abc", 3), ("abc", "abc", 0), ("gpt-4o", "gpt-4", 1)])
    func `the edit distance counts changes`(_ left: String, _ right: String, _ distance: Int) {
        #expect(EditDistance.between(left, right) == distance)
    }
}
