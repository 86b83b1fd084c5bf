import ServiceKit
import Testing

struct IPNetworkTests {
    @Test(arguments: [
        ("10.0.0.0/8", "10.2.3.4"), ("10.0.0.0/8", "::ffff:10.2.3.4"), ("::ffff:10.0.0.0/104", "10.9.9.9"),
        ("10.1.2.3", "10.1.2.3"), ("10.1.2.3/32", "::ffff:a01:203"), ("0.0.0.0/0", "203.0.113.9"),
        ("fd00::/8", "fd12::1"), ("::1", "::1"), ("::/0", "2001:db8::1"), ("2001:db8::/33", "2001:db8:7fff::"),
    ])
    func `a network contains its addresses`(network: String, address: String) throws {
        #expect(try #require(IPNetwork(network)).contains(try #require(IPAddress(address))))
    }

    @Test(arguments: [
        ("10.0.0.0/8", "11.0.0.0"), ("10.1.2.3", "10.1.2.4"), ("fd00::/8", "fe12::1"), ("::/0", "203.0.113.9"),
        ("0.0.0.0/0", "::2"), ("2001:db8::/33", "2001:db8:8000::"),
    ])
    func `a network contains no other addresses`(network: String, address: String) throws {
        #expect(!(try #require(IPNetwork(network)).contains(try #require(IPAddress(address)))))
    }

    @Test(arguments: [
        "", "*", "x", "localhost", "proxy.example", "10.0.0", "10.0.0.1/8", "fd00::1/8", "10.0.0.0/33", "fd00::/129",
        "10.0.0.0/", "/8", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/08", "10.0.0.0/8/8", "10.0.0.0/255.0.0.0",
        "10.0.0.0/8:80", "10.0.0.1:80", "[::1]", "fe80::1%eth0", " 10.0.0.1",
    ])
    func `malformed networks are rejected`(_ text: String) {
        #expect(IPNetwork(text) == nil)
    }

    @Test func `an IPv6 client is its 64-bit network`() throws {
        #expect(try #require(IPAddress("2001:db8:1:2:3::4")).clientNetwork == "2001:db8:1:2::/64")
        #expect(try #require(IPAddress("::ffff:192.0.2.1")).clientNetwork == "192.0.2.1")
    }
}
