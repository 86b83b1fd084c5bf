import Glibc

/// The folder of the transcript files.
///
/// Every function blocks. A file is opened relative to the folder and only if it is no symbolic link, so that no name and
/// no link leads outside. A file is replaced by renaming a complete one.
struct TranscriptFolder: Sendable {
    /// An operation of the file system that failed.
    struct Failure: Error, CustomStringConvertible {
        var description: String

        init(_ operation: String, _ code: Int32 = errno) {
            description = "\(operation): \(String(cString: strerror(code)))"
        }
    }

    /// What distinguishes a version of a file.
    struct Version: Sendable, Equatable {
        var inode: UInt
        var size: Int
        /// Time of the last change, in microseconds since 1970.
        var modified: Int64
    }

    private static let draftName = ".draft"

    let path: String

    /// Returns the version of a file; `nil` if there is none, or if it is not a regular file.
    func version(of name: String) throws(Failure) -> Version? {
        guard let folder = try open(creating: false) else { return nil }
        defer { close(folder) }
        var status = stat()
        guard fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
            if errno == ENOENT { return nil }
            throw Failure("fstatat")
        }
        return Self.version(status)
    }

    /// Deletes a file, if it exists.
    func remove(_ name: String) throws(Failure) {
        guard let folder = try open(creating: false) else { return }
        defer { close(folder) }
        guard unlinkat(folder, name, 0) == 0 || errno == ENOENT else { throw Failure("unlinkat") }
    }

    /// Returns the names of all entries.
    func names() throws(Failure) -> [String] {
        guard let folder = try open(creating: false) else { return [] }
        guard let stream = fdopendir(folder) else {
            let failure = Failure("fdopendir")
            close(folder)
            throw failure
        }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            names.append(
                withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                    String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
                }
            )
        }
        return names
    }

    /// Appends to a file if it is still of this version; returns the new version, or `nil` if it has changed.
    ///
    /// `modified` becomes the time of its last change, in microseconds since 1970.
    func append(
        _ text: [UInt8],
        to name: String,
        ifStill version: Version,
        modified: Int64
    ) throws(Failure) -> Version? {
        guard let folder = try open(creating: false) else { return nil }
        defer { close(folder) }
        let file = openat(folder, name, O_WRONLY | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard file >= 0 else {
            if errno == ENOENT || errno == ELOOP || errno == ENXIO { return nil }
            throw Failure("openat")
        }
        defer { close(file) }
        guard try Self.version(ofOpen: file) == version else { return nil }
        try Self.write(text, to: file)
        return try Self.mark(file, modified)
    }

    /// Creates the file in which a new version is written before it replaces the current one.
    func draft() throws(Failure) -> Draft {
        guard let folder = try open(creating: true) else { throw Failure("open", ENOENT) }
        guard unlinkat(folder, Self.draftName, 0) == 0 || errno == ENOENT else {
            let failure = Failure("unlinkat")
            close(folder)
            throw failure
        }
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
        let file = openat(folder, Self.draftName, flags, 0o600)
        guard file >= 0 else {
            let failure = Failure("openat")
            close(folder)
            throw failure
        }
        return Draft(folder: folder, file: file)
    }

    /// A file that is not visible under its name yet.
    final class Draft: Sendable {
        private let folder: Int32
        private let file: Int32

        fileprivate init(folder: Int32, file: Int32) {
            (self.folder, self.file) = (folder, file)
        }

        deinit {
            close(file)
            close(folder)
        }

        func write(_ text: [UInt8]) throws(Failure) {
            try TranscriptFolder.write(text, to: file)
        }

        /// Replaces the file of a name by the draft.
        func publish(as name: String, modified: Int64) throws(Failure) -> Version {
            let version = try TranscriptFolder.mark(file, modified)
            guard renameat(folder, TranscriptFolder.draftName, folder, name) == 0 else { throw Failure("renameat") }
            return version
        }
    }

    /// Opens the folder; `nil` if it does not exist.
    private func open(creating: Bool) throws(Failure) -> Int32? {
        if creating, mkdir(path, 0o700) != 0, errno != EEXIST { throw Failure("mkdir") }
        let folder = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard folder >= 0 else {
            if errno == ENOENT, !creating { return nil }
            throw Failure("open")
        }
        return folder
    }

    private static func version(_ status: stat) -> Version? {
        guard status.st_mode & S_IFMT == S_IFREG else { return nil }
        let time = status.st_mtim
        return Version(
            inode: UInt(status.st_ino),
            size: Int(status.st_size),
            modified: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
        )
    }

    private static func version(ofOpen file: Int32) throws(Failure) -> Version? {
        var status = stat()
        guard fstat(file, &status) == 0 else { throw Failure("fstat") }
        return version(status)
    }

    /// Sets the time of the last change.
    private static func mark(_ file: Int32, _ modified: Int64) throws(Failure) -> Version {
        let time = timespec(tv_sec: Int(modified / 1_000_000), tv_nsec: Int(modified % 1_000_000) * 1000)
        guard futimens(file, [time, time]) == 0 else { throw Failure("futimens") }
        guard let version = try version(ofOpen: file) else { throw Failure("fstat", EINVAL) }
        return version
    }

    private static func write(_ text: [UInt8], to file: Int32) throws(Failure) {
        var rest = text[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            if count < 0 {
                guard errno == EINTR else { throw Failure("write") }
                continue
            }
            rest = rest.dropFirst(count)
        }
    }
}
