/// Runs `body` with a fake Ollama on a port of its own.
///
/// Without a script it offers `llama3.2:latest` with a window of 131072 tokens, answers chats with a greeting, calls the
/// first tool that it is given, thinks when it is to, makes vectors, and fetches, makes, shows and deletes models, in the
/// words of the real one. A model whose name holds `missing` is nowhere.
package func withFakeOllama<Result>(_ body: (FakeServer) async throws -> Result) async throws -> Result {
    let models = FakeOllamaModels()
    return try await withFakeServer(
        mainPath: "/api/chat",
        scripts: [
            "/api/tags": { _ in .tags(models.names) },
            "/api/ps": { _ in .json(200, #"{"models":[]}"#) },
            "/api/version": { _ in .json(200, #"{"version":"0.17.1"}"#) },
            "/api/show": models.show,
            "/api/chat": models.chat,
            "/api/embed": models.embed,
            "/api/pull": models.pull,
            "/api/create": models.create,
            "/api/delete": models.delete,
            "/": { _ in
                FakeResponse(head: "HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\n", body: "Ollama is running".utf8)
            },
        ],
        body
    )
}
