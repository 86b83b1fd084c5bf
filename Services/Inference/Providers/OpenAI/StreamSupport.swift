import Synchronization

/// What a server accepts of the members that ask for a stream, as learned from its errors.
struct StreamSupport: Sendable, Equatable {
    /// Whether `stream_options` is accepted.
    var acceptsOptions = true
    /// Whether `stream` is accepted for the model.
    var acceptsStream = true

    /// Returns what is left after an error that names one of the members; `nil` for any other error.
    func reduced(after error: ProviderError) -> StreamSupport? {
        guard [400, 422].contains(error.status), let words = error.detail?.lowercased() else { return nil }
        if words.contains("stream_options") {
            return acceptsOptions ? StreamSupport(acceptsOptions: false, acceptsStream: acceptsStream) : nil
        }
        guard acceptsStream, Self.refusals.contains(where: words.contains) else { return nil }
        return StreamSupport(acceptsOptions: false, acceptsStream: false)
    }

    /// Parts of the messages of servers and models that do not stream.
    private static let refusals = [
        "'stream'", "`stream`", "\"stream\"", "body.stream:", "stream this model", "streaming is not supported",
        "streaming not supported", "not support streaming", "stream is not supported", "not support stream",
    ]
}

/// What is known about the models of one server.
final class StreamSupportCache: Sendable {
    /// Maximum number of models that are remembered: anybody can invent names.
    private static let modelLimit = 1000

    private struct State {
        var acceptsOptions = true
        var unstreamedModels: Set<String> = []
    }

    private let state = Mutex(State())

    subscript(model: String) -> StreamSupport {
        state.withLock {
            StreamSupport(
                acceptsOptions: $0.acceptsOptions,
                acceptsStream: !$0.unstreamedModels.contains(model)
            )
        }
    }

    /// Remembers what a server has accepted.
    func store(_ support: StreamSupport, for model: String) {
        state.withLock { state in
            if support.acceptsStream {
                state.acceptsOptions = support.acceptsOptions
            } else if state.unstreamedModels.count < Self.modelLimit {
                state.unstreamedModels.insert(model)
            }
        }
    }
}
