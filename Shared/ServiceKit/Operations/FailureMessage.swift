import Contracts
import Glibc
import HTTP
import NIOCore

/// Says in a sentence why a process did not start or could not go on.
struct FailureMessage {
    /// The executable's name.
    let name: String
    let portSetting: String
    /// What was to be run, when it came so far.
    var unit: ServiceUnit?

    func text(for error: any Error) -> String {
        switch error {
        case let fault as InvalidSetting: "\(name): \(fault.message)"
        case let fault as Fault: "\(name): \(fault.message)"
        case let error as HTTPClientError: "\(name): \(error.message)"
        case let error as IOError: listenSentence(for: error) ?? "\(name) cannot go on: \(error)."
        case is SocketAddressError, is SocketAddressError.UnknownHost:
            "\(name) cannot listen on \(address): the address is unknown. Set \(hostSetting) to one of this machine."
        default: "\(name) cannot go on: \(error)."
        }
    }

    private func listenSentence(for error: IOError) -> String? {
        switch error.errnoCode {
        case EADDRINUSE:
            "\(name) cannot listen on \(address): the address is in use. "
                + "Stop what listens there, or set \(portSetting)."
        case EACCES:
            "\(name) cannot listen on \(address): this user may not use the port. "
                + "Set \(portSetting) to one from 1024 up."
        case EADDRNOTAVAIL:
            "\(name) cannot listen on \(address): the address is not one of this machine. Set \(hostSetting)."
        default: nil
        }
    }

    private var address: String {
        unit.map { "\($0.host):\($0.port)" } ?? "its address"
    }

    private var hostSetting: String {
        portSetting == "GATEWAY_PORT" ? "GATEWAY_HOST" : "SERVICE_HOST"
    }
}
