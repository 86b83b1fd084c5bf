import Bus
import Contracts
import Glibc
import NIOCore
import Testing

@testable import ServiceKit

@Suite struct StartFaultTests {
    private var fault: StartFault {
        let unit = ServiceUnit.bus(
            table: EndpointTable(service: "media-svc"),
            host: "127.0.0.1",
            port: 8003,
            token: "a-token-for-the-tests"
        )
        return StartFault(name: "media-svc", portSetting: "MEDIA_PORT", unit: unit)
    }

    @Test func `an address that cannot be listened on is said with what to do`() {
        #expect(
            fault.sentence(for: IOError(errnoCode: EADDRINUSE, reason: "bind"))
                == "media-svc cannot listen on 127.0.0.1:8003: the address is in use. "
                + "Stop what listens there, or set MEDIA_PORT."
        )
        #expect(
            fault.sentence(for: IOError(errnoCode: EACCES, reason: "bind"))
                == "media-svc cannot listen on 127.0.0.1:8003: this user may not use the port. "
                + "Set MEDIA_PORT to one from 1024 up."
        )
        #expect(
            fault.sentence(for: SocketAddressError.unsupported)
                == "media-svc cannot listen on 127.0.0.1:8003: the address is unknown. "
                + "Set SERVICE_HOST to one of this machine."
        )
    }

    @Test func `faults keep their own sentence`() {
        #expect(fault.sentence(for: SettingFault("X is wrong.")) == "media-svc: X is wrong.")
        #expect(fault.sentence(for: Fault(.full, "The disk is full.")) == "media-svc: The disk is full.")
        #expect(fault.sentence(for: CancellationError()) == "media-svc cannot go on: CancellationError().")
    }
}
