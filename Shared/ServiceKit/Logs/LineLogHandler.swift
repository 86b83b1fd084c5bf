import Contracts
import Foundation
import Glibc
package import Logging
import Synchronization

/// Writes one line a record to standard error, as text or as JSON.
package struct LineLogHandler: LogHandler {
    /// How a record is written.
    package enum Format: String, CaseIterable, Sendable {
        case text
        case json
    }

    /// The least level that is written.
    package var logLevel: Logger.Level
    /// What goes with every record.
    package var metadata: Logger.Metadata = [:]
    /// What goes with a record of the task that writes it.
    package var metadataProvider: Logger.MetadataProvider?
    private let label: String
    private let format: Format
    private let write: @Sendable (String) -> Void

    /// Writes with `write`, a whole line at a time; to standard error unless told otherwise.
    package init(
        label: String,
        level: Logger.Level,
        format: Format,
        write: @escaping @Sendable (String) -> Void = LineLogHandler.writeToStandardError
    ) {
        self.label = label
        self.format = format
        self.write = write
        logLevel = level
    }

    /// One of the values that go with every record.
    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Writes a record as one line.
    package func log(event: LogEvent) {
        var all = metadata
        if let provided = metadataProvider?.get() { all.merge(provided) { $1 } }
        if let explicit = event.metadata { all.merge(explicit) { $1 } }
        if let error = event.error { all["error"] = "\(error)" }
        let pairs = all.sorted { $0.key < $1.key }.map { ($0.key, "\($0.value)") }
        let time = Self.time()
        switch format {
        case .text: write(text(event, pairs: pairs, time: time))
        case .json: write(json(event, pairs: pairs, time: time))
        }
    }

    private func text(_ event: LogEvent, pairs: [(String, String)], time: String) -> String {
        var line = "\(time) \(event.level) \(label): \(LogEscaping.escape(event.message.description, quotesToo: false))"
        for (key, value) in pairs {
            line += " \(LogEscaping.escape(key, quotesToo: true))=\"\(LogEscaping.escape(value, quotesToo: true))\""
        }
        return line + "\n"
    }

    private func json(_ event: LogEvent, pairs: [(String, String)], time: String) -> String {
        let fixed = [
            ("time", time), ("level", "\(event.level)"), ("service", label), ("message", event.message.description),
        ]
        let names = Set(fixed.map(\.0))
        let rest = pairs.map { (names.contains($0.0) ? "metadata.\($0.0)" : $0.0, $0.1) }
        let fields = (fixed + rest).map { key, value in
            "\"\(LogEscaping.escape(key, quotesToo: true))\":\"\(LogEscaping.escape(value, quotesToo: true))\""
        }
        return "{\(fields.joined(separator: ","))}\n"
    }

    private static func time() -> String {
        let now = Timestamp.now().microseconds
        return Date(timeIntervalSince1970: Double(now) / 1_000_000)
            .formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }

    /// Writes the whole line at once, so that lines of two threads do not mix.
    ///
    /// What cannot be written is let go: a supervisor that is gone, and its pipe with it, must not end the process in
    /// the middle of its draining.
    package static let writeToStandardError: @Sendable (String) -> Void = { line in
        var line = line
        line.withUTF8 { bytes in
            standardError.withLock { _ in
                var rest = UnsafeRawBufferPointer(bytes)
                while !rest.isEmpty {
                    let count = Glibc.write(STDERR_FILENO, rest.baseAddress, rest.count)
                    if count < 0, errno == EINTR { continue }
                    guard count > 0 else { return }
                    rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
                }
            }
        }
    }

    private static let standardError = Mutex(())
}
