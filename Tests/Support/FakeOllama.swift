/// Runs `body` with a fake Ollama on a port of its own.
///
/// Without a script it offers `llama3.2:latest` with a window of 131072 tokens and answers chats with a greeting.
package func withFakeOllama<Result>(_ body: (FakeServer) async throws -> Result) async throws -> Result {
    try await withFakeServer(
        mainPath: "/api/chat",
        scripts: [
            "/api/tags": { _ in .tags(["llama3.2:latest"]) },
            "/api/show": { _ in .show(window: 131_072) },
            "/api/version": { _ in .json(200, #"{"version":"0.17.1"}"#) },
            "/api/chat": { _ in .chat(["Hello", " from", " the", " fake", "."]) },
            "/": { _ in
                FakeAnswer(head: "HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\n", body: "Ollama is running".utf8)
            },
        ],
        body
    )
}
