import Contracts
import Glibc
import HTTP
import NIOCore

/// The message that a process prints when it cannot start or has to stop.
struct FailureMessage {
    let service: ServiceKind
    /// The service, once it was created.
    var unit: ServiceUnit?

    init(service: ServiceKind, unit: ServiceUnit? = nil) {
        self.service = service
        self.unit = unit
    }

    func text(for error: any Error) -> String {
        switch error {
        case let error as InvalidSetting: "\(name): \(error.message)"
        case let fault as Fault: "\(name): \(fault.message)"
        case let error as HTTPClientError: "\(name): \(error.message)"
        case let error as IOError: listenFailure(error) ?? "\(name) failed: \(error)."
        case is SocketAddressError, is SocketAddressError.UnknownHost:
            "\(name) cannot listen on \(address): the address is unknown. "
                + "Set \(service.hostSetting) to an address of this machine."
        default: "\(name) failed: \(error)."
        }
    }

    private func listenFailure(_ error: IOError) -> String? {
        switch error.errnoCode {
        case EADDRINUSE:
            "\(name) cannot listen on \(address): the address is in use. "
                + "Stop the program that listens there, or set \(service.portSetting)."
        case EACCES:
            "\(name) cannot listen on \(address): permission denied. Set \(service.portSetting) to 1024 or higher."
        case EADDRNOTAVAIL:
            "\(name) cannot listen on \(address): this machine does not have the address. Set \(service.hostSetting)."
        default: nil
        }
    }

    private var name: String { service.executable }

    private var address: String {
        unit.map { "\($0.host):\($0.port)" } ?? "its address"
    }
}
