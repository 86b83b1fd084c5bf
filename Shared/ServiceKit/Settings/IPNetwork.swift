/// An IP network in CIDR notation, or a single address.
package struct IPNetwork: Sendable, Hashable {
    private let first: IPAddress
    /// The length of the network prefix in the IPv6 form, in bits.
    private let prefix: Int

    /// Parses `10.0.0.0/8`, `fd00::/8` or a single address.
    ///
    /// Returns `nil` if the text is not a network, or if bits beyond the prefix are set.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let name = parts.first, let address = IPAddress(name) else { return nil }
        // The IPv4 form counts from bit 96 of the IPv6 form.
        let offset = name.utf8.contains(UInt8(ascii: ":")) ? 0 : 96
        var prefix = 128
        if parts.count == 2 {
            let digits = parts[1]
            guard (1...3).contains(digits.utf8.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                digits == "0" || digits.utf8.first != UInt8(ascii: "0"), let length = Int(digits),
                (0...(128 - offset)).contains(length)
            else { return nil }
            prefix = length + offset
        }
        guard address.bits & ~Self.mask(prefix) == 0 else { return nil }
        first = address
        self.prefix = prefix
    }

    /// Whether the address belongs to the network; an IPv6 network such as `::/0` contains no IPv4 addresses.
    package func contains(_ address: IPAddress) -> Bool {
        address.isIPv4 == first.isIPv4 && address.bits & Self.mask(prefix) == first.bits
    }

    private static func mask(_ prefix: Int) -> UInt128 {
        prefix == 0 ? 0 : UInt128.max << UInt128(128 - prefix)
    }
}
