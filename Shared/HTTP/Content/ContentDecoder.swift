package import NIOCore
import Synchronization

/// Decodes the content encoding of one body: gzip, and deflate with or without zlib's format.
///
/// The first bytes decide, not only the label: servers and proxies compress without a label, and leave the label on what
/// they have decompressed. The size of the output is limited, and little of it is produced before it is read.
///
/// Thread-safe; only one task may read.
package final class ContentDecoder: Sendable {
    private let state: Mutex<State>

    /// - Parameters:
    ///   - encoding: the encoding that the headers name.
    ///   - limit: the maximum size of the decoded body, in bytes.
    package init(_ encoding: ContentEncoding, limit: Int) {
        state = Mutex(State(encoding: encoding, limit: limit))
    }

    /// Returns the next decoded bytes, at least one; `nil` at the end of the body.
    ///
    /// Throws ``ContentDecodingError``, or an error of `read`, which returns the next bytes of the body as they arrived.
    package func next(from read: () async throws -> ByteBuffer?) async throws -> ByteBuffer? {
        while true {
            if let bytes = try state.withLock({ state throws in try state.output() }) { return bytes }
            guard let bytes = try await read() else {
                return try state.withLock { state throws in try state.end() }
            }
            state.withLock { $0.append(bytes) }
        }
    }
}

extension ContentDecoder {
    private struct State {
        private enum Format {
            case undecided
            case plain
            case compressed(Inflater, Inflater.Format)
        }

        /// Maximum size of the output of one read, in bytes.
        private static let outputLimit = 65_536
        private static let gzipMagic: [UInt8] = [0x1F, 0x8B]

        private let encoding: ContentEncoding
        private let limit: Int
        private var format = Format.undecided
        private var input = ByteBuffer()
        private var count = 0

        init(encoding: ContentEncoding, limit: Int) {
            self.encoding = encoding
            self.limit = limit
        }

        mutating func append(_ bytes: ByteBuffer) {
            if input.readableBytes == 0 { input = bytes } else { input.writeImmutableBuffer(bytes) }
        }

        /// Returns decoded bytes; `nil` if more input is needed.
        mutating func output() throws(ContentDecodingError) -> ByteBuffer? {
            switch format {
            case .undecided:
                guard input.readableBytes >= 2 else { return nil }
                format = try decide()
                return try output()
            case .plain:
                guard input.readableBytes > 0 else { return nil }
                return try counted(take())
            case .compressed(let inflater, let format): return try decompress(inflater, format)
            }
        }

        /// The end of the body: returns the rest.
        mutating func end() throws(ContentDecodingError) -> ByteBuffer? {
            if case .compressed(let inflater, _) = format, !inflater.isComplete { throw .truncated }
            return input.readableBytes > 0 ? take() : nil
        }

        private mutating func take() -> ByteBuffer {
            defer { input = ByteBuffer() }
            return input
        }

        private mutating func counted(_ bytes: ByteBuffer) throws(ContentDecodingError) -> ByteBuffer {
            count += bytes.readableBytes
            guard count <= limit else { throw .tooLarge(limit: limit) }
            return bytes
        }

        private mutating func decompress(
            _ inflater: Inflater,
            _ format: Inflater.Format
        ) throws(ContentDecodingError) -> ByteBuffer? {
            while input.readableBytes > 0 || inflater.hasMore {
                if inflater.isComplete, !startsNextMember(inflater, format) { return nil }
                let size = min(Self.outputLimit, max(1024, 4 * input.readableBytes))
                let bytes = try inflater.output(from: &input, upTo: size)
                if bytes.readableBytes > 0 { return try counted(bytes) }
            }
            return nil
        }

        /// Begins the next member of a gzip file; discards other bytes after the end of the compressed data.
        private mutating func startsNextMember(_ inflater: Inflater, _ format: Inflater.Format) -> Bool {
            guard format == .gzip, input.readableBytesView.starts(with: Self.gzipMagic.prefix(input.readableBytes))
            else {
                input.clear()
                return false
            }
            guard input.readableBytes >= 2 else { return false }
            inflater.reset()
            return true
        }

        /// Decides by the first two bytes.
        private func decide() throws(ContentDecodingError) -> Format {
            let bytes = input.readableBytesView
            if bytes.starts(with: Self.gzipMagic) { return try compressed(.gzip) }
            switch encoding {
            case .identity:
                // The first two bytes of zstd's magic number begin no text.
                if bytes.starts(with: [0x28, 0xB5]) { throw .unsupported("zstd") }
                return .plain
            case .gzip: return try isZlib(bytes) ? compressed(.zlib) : .plain
            case .deflate:
                if isZlib(bytes) { return try compressed(.zlib) }
                return try bytes.first == UInt8(ascii: "{") ? .plain : compressed(.raw)
            case .other(let name):
                guard Self.isPlain(bytes) else { throw .unsupported(name) }
                return .plain
            }
        }

        private func compressed(_ format: Inflater.Format) throws(ContentDecodingError) -> Format {
            .compressed(try Inflater(format), format)
        }

        /// Whether the bytes are the header of zlib's format.
        private func isZlib(_ bytes: ByteBufferView) -> Bool {
            guard let first = bytes.first, let second = bytes.dropFirst().first else { return false }
            return first & 0x0F == 8 && first >> 4 <= 7 && (Int(first) << 8 | Int(second)) % 31 == 0
        }

        /// Whether the bytes begin JSON or an event stream, despite the label.
        private static func isPlain(_ bytes: ByteBufferView) -> Bool {
            ["{\"", "{\n", "{ ", "{}", "{\r", "[{", "da", "ev", "id", ": ", "::"].contains {
                bytes.starts(with: $0.utf8)
            }
        }
    }
}
