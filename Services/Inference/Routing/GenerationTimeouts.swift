/// How long the parts of a generation may take.
struct GenerationTimeouts: Sendable, Equatable {
    /// Until the provider's first sign of life.
    var firstToken = Duration.seconds(60)
    /// Between two signs of life.
    var gap = Duration.seconds(60)
    /// From its beginning to its end.
    var whole = Duration.seconds(600)
    /// Between the finish and the end of the stream behind it: nobody waits longer for a tidy farewell.
    var settling = Duration.seconds(1)
}
