import Bus
import Contracts
import Glibc
import NIOCore

/// Says in a sentence why a process did not start or could not go on.
enum StartFault {
    static func sentence(for error: any Error, portSetting: String) -> String {
        switch error {
        case let fault as SettingFault: fault.sentence
        case let fault as Fault: fault.message
        case let error as HTTPClientError: error.message
        case let error as IOError where error.errnoCode == EADDRINUSE:
            "The address is in use. Stop what listens there, or set \(portSetting)."
        case let error as IOError where error.errnoCode == EACCES:
            "The port may not be used by this user. Set \(portSetting) to one from 1024 up."
        case let error as IOError where error.errnoCode == EADDRNOTAVAIL:
            "The address to bind to is not one of this machine. Set GATEWAY_HOST or SERVICE_HOST."
        default: "It cannot go on: \(error)"
        }
    }
}
