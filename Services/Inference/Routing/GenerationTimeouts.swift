/// The timeouts of a generation.
struct GenerationTimeouts: Sendable, Equatable {
    /// Until the provider's first output.
    var firstToken = Duration.seconds(60)
    /// Between two outputs.
    var gap = Duration.seconds(60)
    /// From the request to the end of the answer.
    var whole = Duration.seconds(600)
    /// Between the finish event and the end of the response.
    var settling = Duration.seconds(1)
}
