/// The timeouts of a generation, and the maximum size of what arrives at once.
struct GenerationTimeouts: Sendable, Equatable {
    /// Until the provider's first output.
    var firstToken = Duration.seconds(60)
    /// Between two outputs.
    var gap = Duration.seconds(60)
    /// From the request to the end of the answer.
    var whole = Duration.seconds(600)
    /// In the queue of a provider that is the last target.
    var queue = Duration.seconds(300)
    /// In the queue of a provider while another target is left.
    var queueBeforeFallback = Duration.seconds(5)
    /// Between the finish event and the end of the response.
    var settling = Duration.seconds(1)
    /// Maximum size of one event of the provider's response, in bytes.
    var eventBytes = GenerationTimeouts.defaultEventBytes

    /// The default of `PROVIDER_EVENT_LIMIT`.
    static let defaultEventBytes = 16 * 1024 * 1024
}
