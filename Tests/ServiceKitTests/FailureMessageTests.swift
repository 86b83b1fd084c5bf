import Bus
import Contracts
import Glibc
import NIOCore
import Testing

@testable import ServiceKit

@Suite struct FailureMessageTests {
    private var fault: FailureMessage {
        let unit = ServiceUnit.bus(
            table: EndpointTable(service: "media-svc"),
            host: "127.0.0.1",
            port: 8003,
            token: "a-token-for-the-tests"
        )
        return FailureMessage(name: "media-svc", portSetting: "MEDIA_PORT", unit: unit)
    }

    @Test func `an address that cannot be listened on is said with what to do`() {
        #expect(
            fault.text(for: IOError(errnoCode: EADDRINUSE, reason: "bind"))
                == "media-svc cannot listen on 127.0.0.1:8003: the address is in use. "
                + "Stop what listens there, or set MEDIA_PORT."
        )
        #expect(
            fault.text(for: IOError(errnoCode: EACCES, reason: "bind"))
                == "media-svc cannot listen on 127.0.0.1:8003: this user may not use the port. "
                + "Set MEDIA_PORT to one from 1024 up."
        )
        #expect(
            fault.text(for: SocketAddressError.unsupported)
                == "media-svc cannot listen on 127.0.0.1:8003: the address is unknown. "
                + "Set SERVICE_HOST to one of this machine."
        )
    }

    @Test func `faults keep their own sentence`() {
        #expect(fault.text(for: InvalidSetting("X is wrong.")) == "media-svc: X is wrong.")
        #expect(fault.text(for: Fault(.full, "The disk is full.")) == "media-svc: The disk is full.")
        #expect(fault.text(for: CancellationError()) == "media-svc cannot go on: CancellationError().")
    }
}
