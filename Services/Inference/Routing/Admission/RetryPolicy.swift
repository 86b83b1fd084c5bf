/// The number of retries and the pauses before them.
struct RetryPolicy: Sendable {
    /// The longest pause that a provider may ask for; a longer one means no retry.
    static let longestWait = Duration.seconds(60)

    /// Maximum number of retries of one model for one request.
    var limit = 2
    /// The first pause before jitter; each further pause doubles.
    var firstPause = Duration.milliseconds(250)
    var longestPause = Duration.seconds(4)

    /// Returns the pause after a number of failed attempts, with jitter; `nil` for no retry.
    ///
    /// `asked` is the pause that the provider asks for.
    func pause(after tries: Int, asked: Duration?, random: Double = .random(in: 0..<1)) -> Duration? {
        guard tries < limit else { return nil }
        let step = min(firstPause * (1 << min(tries, 8)), longestPause)
        guard let asked else { return step / 2 + step / 2 * random }
        guard asked <= Self.longestWait else { return nil }
        return asked + firstPause * random
    }
}
