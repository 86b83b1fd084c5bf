import Contracts
import Foundation
import Glibc
package import Logging
import Synchronization

/// Writes each log record as one line of text or JSON to standard error.
package struct LineLogHandler: LogHandler {
    /// The format of a record.
    package enum Format: String, CaseIterable, Sendable {
        case text
        case json
    }

    /// The lowest level that is written.
    package var logLevel: Logger.Level
    /// Metadata of every record.
    package var metadata: Logger.Metadata = [:]
    /// Provides metadata of the task that logs.
    package var metadataProvider: Logger.MetadataProvider?
    private let label: String
    private let format: Format
    private let write: @Sendable (String) -> Void

    /// Creates a handler that passes whole lines to `write`, by default to standard error.
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

    /// A value in the metadata of every record.
    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

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
        var line =
            "\(time) \(event.level) \(label): \(LogEscaping.escape(event.message.description, escapesQuotes: false))"
        for (key, value) in pairs {
            line +=
                " \(LogEscaping.escape(key, escapesQuotes: true))=\"\(LogEscaping.escape(value, escapesQuotes: true))\""
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
            "\"\(LogEscaping.escape(key, escapesQuotes: true))\":\"\(LogEscaping.escape(value, escapesQuotes: true))\""
        }
        return "{\(fields.joined(separator: ","))}\n"
    }

    private static func time() -> String {
        let now = Timestamp.now().microseconds
        return Date(timeIntervalSince1970: Double(now) / 1_000_000)
            .formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }

    /// Writes a whole line to standard error; lines of different threads do not mix.
    package static let writeToStandardError: @Sendable (String) -> Void = { line in
        var line = line
        line.withUTF8 { bytes in
            logFile.withLock { file in
                let bytes = UnsafeRawBufferPointer(bytes)
                if file == nil { LogFile.write(bytes, to: STDERR_FILENO) } else { file?.write(bytes) }
            }
        }
    }

    /// The file at standard error, in a process that `parley up` started.
    private static let logFile = Mutex(SupervisedProcess.logFile.map { LogFile(path: $0, descriptor: STDERR_FILENO) })
}
