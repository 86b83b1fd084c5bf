import ServiceKit
import Testing

struct LoopbackHostTests {
    @Test(arguments: [
        "localhost", "LOCALHOST", "localhost.", "LocalHost.", "127.0.0.1", "127.9.8.7", "127.255.255.255", "::1",
        "[::1]", "0:0:0:0:0:0:0:1", "[0:0:0:0:0:0:0:1]", "0::1", "::ffff:127.0.0.1", "[::FFFF:127.0.0.1]",
        "::ffff:7f00:1",
    ])
    func `localhost and loopback addresses are loopback`(_ host: String) {
        #expect(LoopbackHost.isLoopback(host))
    }

    @Test(arguments: [
        "", "localhost.evil.example", "127.evil.example", "127.0.0.1.evil.example", "notlocalhost", "localhost..",
        "local host", "[localhost]", "127.1", "2130706433", "0x7f.0.0.1", "0x7f000001", "0177.0.0.1", "127.0.0.01",
        "127.0.0.256", "127.0.0.1.", "[127.0.0.1]", "12\u{FF17}.0.0.1", "128.0.0.1", "0.0.0.0", "::", "[::]", "1::1",
        "::127.0.0.1", "::ffff:128.0.0.1", "::ffff:127.1", "::1%lo", "[::1", "::1]", ":::1", "::1::", ":1",
        "127.0.0.1:80", "[::1]:80", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9",
    ])
    func `other names, addresses and spellings are not loopback`(_ host: String) {
        #expect(!LoopbackHost.isLoopback(host))
    }
}
