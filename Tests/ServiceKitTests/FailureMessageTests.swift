import Bus
import Contracts
import Glibc
import NIOCore
import Testing

@testable import ServiceKit

@Suite struct FailureMessageTests {
    private var message: FailureMessage {
        let unit = ServiceUnit.bus(
            table: EndpointTable(service: "media-svc"),
            host: "127.0.0.1",
            port: 8003,
            token: "a-token-for-the-tests"
        )
        return FailureMessage(service: .media, unit: unit)
    }

    @Test func `a failure to listen comes with advice`() {
        #expect(
            message.text(for: IOError(errnoCode: EADDRINUSE, reason: "bind"))
                == "media-svc cannot listen on 127.0.0.1:8003: the address is in use. "
                + "Stop the program that listens there, or set MEDIA_PORT."
        )
        #expect(
            message.text(for: IOError(errnoCode: EACCES, reason: "bind"))
                == "media-svc cannot listen on 127.0.0.1:8003: permission denied. Set MEDIA_PORT to 1024 or higher."
        )
        #expect(
            message.text(for: SocketAddressError.unsupported)
                == "media-svc cannot listen on 127.0.0.1:8003: the address is unknown. "
                + "Set SERVICE_HOST to an address of this machine."
        )
    }

    @Test func `an error with a message keeps it`() {
        #expect(message.text(for: InvalidSetting("X is wrong.")) == "media-svc: X is wrong.")
        #expect(message.text(for: Fault(.full, "The disk is full.")) == "media-svc: The disk is full.")
        #expect(message.text(for: CancellationError()) == "media-svc failed: CancellationError().")
    }
}
