import Foundation
import Glibc

/// A port on 127.0.0.1 with a listening socket, until it is released.
struct OccupiedPort {
    struct InUse: Error {}

    let port: Int
    private let descriptor: Int32

    /// Listens on a port, by default on any free one; throws ``InUse`` if another socket listens there.
    init(port: Int = 0) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var reuse: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &reuse, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let code = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(descriptor, pointer, length) == 0 && listen(descriptor, 16) == 0
                    ? getsockname(descriptor, pointer, &length) : -1
            }
        }
        guard code == 0 else {
            close(descriptor)
            throw InUse()
        }
        self.port = Int(UInt16(bigEndian: address.sin_port))
    }

    /// Returns a free port.
    static func free() throws -> Int {
        let occupied = try OccupiedPort()
        occupied.release()
        return occupied.port
    }

    /// Listens on a port as soon as it is free.
    static func whenFree(_ port: Int) throws -> OccupiedPort {
        let end = ContinuousClock.now + .seconds(60)
        while true {
            do {
                return try OccupiedPort(port: port)
            } catch {
                guard ContinuousClock.now < end else { throw error }
                usleep(200)
            }
        }
    }

    /// Answers every request with `200 OK`, as another program would, until the port is released.
    func answerEveryRequest() {
        let descriptor = descriptor
        Thread {
            while true {
                let connection = accept(descriptor, nil, nil)
                guard connection >= 0 else { return }
                var buffer = [UInt8](repeating: 0, count: 4096)
                _ = read(connection, &buffer, buffer.count)
                let body = #"{"status":"ready"}"#
                let head =
                    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: \(body.utf8.count)\r\n\r\n"
                _ = write(connection, head + body, (head + body).utf8.count)
                close(connection)
            }
        }.start()
    }

    func release() {
        shutdown(descriptor, Int32(SHUT_RDWR))
        close(descriptor)
    }
}
