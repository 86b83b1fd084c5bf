/// How often a model is tried again, and how long is waited before.
struct RetryPolicy: Sendable {
    /// The longest wait that is worth it; who asks for a longer one is left alone.
    static let longestWait = Duration.seconds(60)

    /// How often one model is tried again for one request.
    var limit = 2
    /// About how long the first wait is; each further one is twice as long.
    var firstPause = Duration.milliseconds(250)
    var longestPause = Duration.seconds(4)

    /// The wait after so many tries in vain, with jitter; `nil` when there is to be no further try.
    ///
    /// `asked` is how long the provider wants to be left alone.
    func pause(after tries: Int, asked: Duration?, random: Double = .random(in: 0..<1)) -> Duration? {
        guard tries < limit else { return nil }
        let step = min(firstPause * (1 << min(tries, 8)), longestPause)
        guard let asked else { return step / 2 + step / 2 * random }
        guard asked <= Self.longestWait else { return nil }
        return asked + firstPause * random
    }
}
