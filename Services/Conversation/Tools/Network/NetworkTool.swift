/// A tool that uses a server outside Parley; without its setting it does not exist.
protocol NetworkTool: Tool {
    static var declaration: ToolDeclaration { get }
    /// The setting with the URL of the server.
    static var setting: String { get }
    var service: RemoteService { get }
}

extension NetworkTool {
    var declaration: ToolDeclaration { Self.declaration }
    var setting: String? { Self.setting }
    /// A little longer than a request: the service's own error says more.
    var timeLimit: Duration { service.timeLimit + .seconds(2) }
}
