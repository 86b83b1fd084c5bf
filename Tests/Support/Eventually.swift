/// A condition that did not become true in time.
package struct ConditionTimeout: Error, CustomStringConvertible {
    package let description: String
}

/// Polls a condition until it is true; throws ``ConditionTimeout`` after the time limit.
package func eventually(
    _ what: String = "The condition",
    within limit: Duration = .seconds(60),
    file: StaticString = #fileID,
    line: UInt = #line,
    _ condition: () async throws -> Bool
) async throws {
    let end = ContinuousClock.now + limit
    while try await !condition() {
        guard ContinuousClock.now < end else {
            throw ConditionTimeout(description: "\(what) did not become true within \(limit) (\(file):\(line)).")
        }
        try await Task.sleep(for: .milliseconds(5))
    }
}
