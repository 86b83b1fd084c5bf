import Testing

@testable import InferenceService

@Suite struct TextRedactionTests {
    private let redaction = TextRedaction(secrets: ["a-secret-key"], host: "llm.example.org")

    @Test(arguments: [
        "dial tcp 10.0.0.5:8000: connect: connection refused", "GET http://10.0.0.5:8000/v1/models failed",
        "Error at http://user:hunter2@10.0.0.5/v1", "https://user:hunter2@llm.example.org/x",
        "see (http://vllm:8000/v1).",
        "lookup vllm-gpu3: no such host", "lookup ollama.models.svc.cluster.local on 10.96.0.10:53: no such host",
        "HTTPConnectionPool(host='vllm-gpu3', port=8000): Max retries exceeded", "connect ECONNREFUSED ::1:11434",
        "connect to [fe80::1%eth0]:8080 failed", "could not open /home/model/weights.bin",
        "File \"/usr/lib/python3/x.py\"",
        "open C:\\models\\x.gguf: denied", "bad key a-secret-key", "Incorrect API key provided: sk-proj-abc***xyz",
        "upstream llm.example.org:443 timed out", "llm.example.org refused", "http://localhost/a", "http://2130706433/",
        "http://[::1]/a", "postgres://db:pw@db.internal/x", "url=http://10.0.0.5/a?key=hunter2",
        "gateway.internal is down",
        "host: vllm-gpu3", "user:hunter2@vllm-gpu3", "https://192.168.1.7/x", "ftp://10.0.0.5",
    ])
    func `credentials, addresses and paths are removed`(_ text: String) {
        let shown = redaction.sentence(text)
        let hidden = [
            "10.0.0.5", "10.96", "8000", "11434", "hunter2", "vllm", "cluster", "fe80", "::1", "weights", "python3",
            "gguf",
            "a-secret-key", "sk-proj", "llm.example.org", "localhost", "2130706433", "internal", "192.168",
        ]
        for word in hidden { #expect(!shown.contains(word), "\(shown)") }
    }

    @Test(arguments: [
        "model \"llama3.2:1b\" not found, try pulling it first.",
        "The maximum context length is 8192 tokens (code:400).",
        "You exceeded your quota, see https://platform.openai.com/account/billing.",
        "POST /v1/chat/completions is not supported.", "It took 12:34:56, or 1.5 s.", "Out of memory.",
        "Use a/b or c/d.", "Requests per minute: 20/20.",
    ])
    func `other text is unchanged`(_ text: String) {
        #expect(redaction.sentence(text) == text)
    }

    @Test func `public addresses lose user information and query`() {
        #expect(
            redaction.sentence("See https://me:hunter2@docs.example.com/a/b?token=x#y, please")
                == "See https://docs.example.com/a/b, please."
        )
    }

    @Test func `a text is shortened and has no control characters`() {
        let shown = redaction.sentence("a\u{7}b\n" + String(repeating: "x", count: 100_000))
        #expect(shown.hasPrefix("a b x") && shown.count < 310)
        #expect(redaction.sentence("") == "It gave no reason.")
    }
}
