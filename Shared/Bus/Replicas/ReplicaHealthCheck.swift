import HTTP

/// Asks replicas for their health, on connections of its own.
struct ReplicaHealthCheck: Sendable {
    /// Maximum size of a response, in bytes.
    private static let bodyLimit = 65_536

    private let client: HTTPClient
    private let limits: ReplicaLimits

    init(limits: ReplicaLimits) {
        self.limits = limits
        client = HTTPClient(configuration: HTTPClient.Configuration(connectTimeout: limits.connectTimeout))
    }

    /// Checks a replica; `nil` if the result says nothing about it.
    ///
    /// A suspect is asked only whether it is alive: a readiness check that waits for something else is no failure.
    func run(_ target: HTTPTarget, isSuspect: Bool) async -> ReplicaSet.Check? {
        let request = HTTPClient.Request(
            target: target,
            path: isSuspect ? "/health" : "/readyz",
            headTimeout: limits.checkTimeout,
            readTimeout: limits.checkTimeout
        )
        let start = ContinuousClock.now
        do {
            let response = try await client.send(request)
            _ = try await response.body.collect(upTo: Self.bodyLimit)
            return isSuspect || response.status == 503 ? .unready : .ready
        } catch is HTTPClientError {
            // A check that took much longer than its limit shows that this process itself was stopped.
            return ContinuousClock.now - start < limits.checkTimeout * 4 ? .failed : nil
        } catch {
            return nil
        }
    }
}
