import Foundation
import Glibc
package import ServiceKit

/// The random secrets in the data folder, which all services on this machine share.
package struct SecretFiles: Sendable {
    package let directory: String

    package init(directory: String) {
        self.directory = directory
    }

    /// Creates the secrets that are in neither the settings nor a file; keeps existing files.
    package func create(for settings: Settings) throws {
        do {
            try FileManager.default.createDirectory(
                atPath: directory,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
        } catch {
            throw InvalidSetting("DATA_DIR is \(directory), which cannot be created. Set it to a writable folder.")
        }
        if settings.string("BUS_TOKEN") == nil { try create("bus-token") }
        if settings.string("JWT_SECRET_KEY") == nil { try create("jwt-secret") }
    }

    /// Writes a file completely or not at all: to a temporary file, which is then linked if the name is still free.
    private func create(_ name: String) throws {
        let path = directory + "/" + name
        guard !FileManager.default.fileExists(atPath: path) else { return }
        var generator = SystemRandomNumberGenerator()
        let secret = (0..<32).map { _ in
            let byte = UInt8.random(in: .min ... .max, using: &generator)
            return (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
        // A random name, so that a temporary file left by a crash is not in the way.
        let temporary = path + ".\(UInt64.random(in: .min ... .max, using: &generator))"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure(path) }
        defer { unlink(temporary) }
        let text = Array((secret + "\n").utf8)
        let count = write(descriptor, text, text.count)
        fsync(descriptor)
        close(descriptor)
        guard count == text.count, link(temporary, path) == 0 || errno == EEXIST else { throw failure(path) }
    }

    private func failure(_ path: String) -> InvalidSetting {
        let reason = String(cString: strerror(errno))
        return InvalidSetting("The secret \(path) cannot be written: \(reason). Set DATA_DIR to a writable folder.")
    }
}
