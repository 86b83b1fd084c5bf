import Foundation
import Glibc
package import ServiceKit

/// The secrets of a house, made once by chance and kept in its data folder for all its services to read.
package struct SecretFiles: Sendable {
    package let directory: String

    package init(directory: String) {
        self.directory = directory
    }

    /// Makes the secrets that neither the settings nor a file hold; what is there stays as it is.
    package func make(for settings: Settings) throws {
        do {
            try FileManager.default.createDirectory(
                atPath: directory,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
        } catch {
            throw InvalidSetting("DATA_DIR is \(directory), where no folder can be made. Set it to one that can.")
        }
        if settings.string("BUS_TOKEN") == nil { try make("bus-token") }
        if settings.string("JWT_SECRET_KEY") == nil { try make("jwt-secret") }
    }

    /// Writes a file whole or not at all: under another name first, then linked to its own if that is still free.
    private func make(_ name: String) throws {
        let path = directory + "/" + name
        guard !FileManager.default.fileExists(atPath: path) else { return }
        var generator = SystemRandomNumberGenerator()
        let secret = (0..<32).map { _ in
            let byte = UInt8.random(in: .min ... .max, using: &generator)
            return (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
        // A name by chance: a draft that a crash left behind is in nobody's way.
        let draft = path + ".\(UInt64.random(in: .min ... .max, using: &generator))"
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure(path) }
        defer { unlink(draft) }
        let text = Array((secret + "\n").utf8)
        let count = write(descriptor, text, text.count)
        fsync(descriptor)
        close(descriptor)
        guard count == text.count, link(draft, path) == 0 || errno == EEXIST else { throw failure(path) }
    }

    private func failure(_ path: String) -> InvalidSetting {
        let reason = String(cString: strerror(errno))
        return InvalidSetting("The secret \(path) cannot be written: \(reason). Set DATA_DIR to a folder that can.")
    }
}
