import Glibc
import NIOCore

extension Channel {
    /// Ends the connection as a fake response specifies.
    func end(_ ending: FakeResponse.Ending) {
        switch ending {
        case .keepAlive, .stall: return
        case .halfClose: close(mode: .output, promise: nil)
        case .close: close(promise: nil)
        case .reset: reset()
        }
    }

    /// Closes with RST, which discards unsent bytes.
    private func reset() {
        guard let socket = self as? any SocketOptionProvider else { return close(promise: nil) }
        socket.setSoLinger(linger(l_onoff: 1, l_linger: 0)).whenComplete { _ in self.close(promise: nil) }
    }
}
