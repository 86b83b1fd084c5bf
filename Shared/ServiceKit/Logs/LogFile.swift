import Glibc

/// A log file at a file descriptor, rotated by the process that writes it, so that no line is lost.
///
/// A rotation renames the file to `.1`, which replaces the previous one, and opens a new file under the same descriptor.
/// What another thread writes to the descriptor during the rotation ends up in one of the two files.
struct LogFile: Sendable {
    /// Size in bytes from which a file is rotated.
    static let limit = 20 * 1024 * 1024

    let path: String
    let descriptor: Int32
    let limit: Int
    /// Size in bytes when it was last known.
    private var size: Int

    init(path: String, descriptor: Int32, limit: Int = LogFile.limit) {
        self.path = path
        self.descriptor = descriptor
        self.limit = limit
        size = Self.size(of: descriptor)
    }

    /// Writes a whole line, and rotates the file first if it has reached its limit.
    mutating func write(_ line: UnsafeRawBufferPointer) {
        if size >= limit { rotate() }
        Self.write(line, to: descriptor)
        size += line.count
    }

    /// Writes all bytes, unless the descriptor is broken: a supervisor that is gone must not end the process.
    static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) {
        var rest = bytes
        while !rest.isEmpty {
            let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
        }
    }

    private mutating func rotate() {
        // The file may have been renamed or removed from outside: then only the descriptor is renewed.
        let renamed = rename(path, path + ".1") == 0
        let new = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard new >= 0 else {
            // Goes on in the old file, and tries again after as many bytes.
            if renamed { rename(path + ".1", path) }
            size = 0
            return
        }
        dup2(new, descriptor)
        // Standard output shares the file.
        if descriptor == STDERR_FILENO { dup2(new, STDOUT_FILENO) }
        close(new)
        size = Self.size(of: descriptor)
    }

    private static func size(of descriptor: Int32) -> Int {
        // The file is open for appending, so its offset does not matter.
        max(0, Int(lseek(descriptor, 0, SEEK_END)))
    }
}
