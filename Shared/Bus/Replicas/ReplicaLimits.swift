/// The time limits by which a bus finds and avoids unhealthy replicas.
package struct ReplicaLimits: Sendable {
    /// Time limit for the first attempt to connect to a replica; doubled when all replicas have failed.
    package var connectTimeout = Duration.milliseconds(300)
    /// How long a call waits for a replica that accepts connections; a restart takes less.
    package var patience = Duration.seconds(2)
    /// Delay between two health checks of a replica.
    package var checkInterval = Duration.milliseconds(500)
    /// Time limit for the response to a health check.
    package var checkTimeout = Duration.milliseconds(750)
    /// Length of the first ejection; each further one in a row is twice as long.
    package var ejection = Duration.seconds(1)
    /// Maximum length of an ejection.
    package var longestEjection = Duration.seconds(60)
    /// How long a replica must stay ready before its next ejection is a short one again.
    package var provenAfter = Duration.seconds(30)
    /// Time limit for the call that decides whether an ejected replica becomes ready.
    package var trial = Duration.seconds(5)
    /// How long a replica that left the name service is still checked for the sake of its open requests.
    package var retirement = Duration.seconds(600)

    package init() {}
}
