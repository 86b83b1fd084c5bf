/// What differs between Azure's two forms of OpenAI's API.
///
/// The newer one is OpenAI's, below `/openai/v1`. The classic one has a path for each deployment, which names the model,
/// and needs the parameter `api-version`.
enum AzureServer {
    /// The parameter with the version.
    private static let version = "api-version"
    /// The first classic version with `max_completion_tokens` and `stream_options`.
    private static let firstNewVersion = "2024-09"

    /// Sets the path, the query and the quirks of a server.
    static func prepare(_ server: inout ServerConfiguration) {
        server.quirks = ServerQuirks(
            tokenLimit: .maxCompletionTokens,
            acceptsDeveloperRole: true,
            acceptsUnknownOptions: false,
            imageSchemes: ServerQuirks.webSchemes,
            limitsToolNames: true
        )
        let url = String(server.url.reversed().drop { $0 == "/" }.reversed())
        guard !url.hasSuffix("/openai/v1") else { return }
        server.quirks.hasDeploymentPaths = true
        // `/openai` is part of the path of a deployment.
        server.url = url.hasSuffix("/openai") ? String(url.dropLast("/openai".count)) : url
        guard let version = server.apiVersion else { return }
        server.query.append(ServerConfiguration.QueryItem(name: Self.version, value: version))
        guard version < firstNewVersion else { return }
        server.quirks.tokenLimit = .maxTokens
        server.quirks.acceptsStreamOptions = false
        server.quirks.acceptsDeveloperRole = false
    }

    /// Returns what a server lacks, as a sentence.
    static func missing(_ server: ServerConfiguration) -> String? {
        if server.models == nil {
            return "models must list the names of the deployments: Azure's own list has models that are not deployed."
        }
        guard server.quirks.hasDeploymentPaths, !server.query.contains(where: { $0.name == version }) else {
            return nil
        }
        return "api_version must be set, such as 2024-10-21, unless base_url ends with /openai/v1."
    }
}
