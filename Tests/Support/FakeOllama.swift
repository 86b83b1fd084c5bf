/// Runs `body` with a fake Ollama on a free port.
///
/// Without a script it serves `llama3.2:latest` with a context of 131072 tokens, responds to chats with a greeting, calls
/// the first tool, thinks on request, embeds texts, and pulls, creates, shows and deletes models, with the messages of the
/// real server. A model whose name contains `missing` does not exist.
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
