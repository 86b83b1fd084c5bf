/// A condition that did not come true in time.
package struct ConditionTimeout: Error, CustomStringConvertible {
    package let description: String
}

/// Waits until a condition holds, asking again and again; throws ``ConditionTimeout`` when the time is over.
package func eventually(
    _ what: String = "The condition",
    within limit: Duration = .seconds(30),
    file: StaticString = #fileID,
    line: UInt = #line,
    _ condition: () async throws -> Bool
) async throws {
    let end = ContinuousClock.now + limit
    while try await !condition() {
        guard ContinuousClock.now < end else {
            throw ConditionTimeout(description: "\(what) did not come true within \(limit) (\(file):\(line)).")
        }
        try await Task.sleep(for: .milliseconds(5))
    }
}
