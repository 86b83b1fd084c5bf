/// An IPv4 or IPv6 address; an IPv4-mapped IPv6 address equals its IPv4 form.
package struct IPAddress: Sendable, Hashable {
    /// The 128 bits of the IPv6 form; an IPv4 address is stored as `::ffff:a.b.c.d`.
    let bits: UInt128

    /// The prefix of IPv4-mapped addresses, `::ffff:0:0/96`.
    private static let mapped = UInt128(0xFFFF) << 32

    init(bits: UInt128) {
        self.bits = bits
    }

    /// Parses a canonical textual address.
    ///
    /// Returns `nil` for names, brackets, ports, zones, and IPv4 forms that programs read differently: fewer than four
    /// parts (`127.1`), leading zeros (`0177.0.0.1`), hexadecimal and single numbers.
    package init?(_ text: some StringProtocol) {
        let parsed = text.utf8.contains(UInt8(ascii: ":")) ? Self.parseIPv6(text) : Self.parseIPv4(text).map(Self.map)
        guard let parsed else { return nil }
        bits = parsed
    }

    package var isIPv4: Bool { bits >> 32 == 0xFFFF }

    /// Whether the address is in `127.0.0.0/8` or is `::1`.
    package var isLoopback: Bool { isIPv4 ? bits >> 24 & 0xFF == 127 : bits == 1 }

    /// The network that one client controls: the IPv4 address itself, or the `/64` network of an IPv6 address.
    package var clientNetwork: String { isIPv4 ? description : groups(through: 64) + "::/64" }

    private func groups(through last: Int) -> String {
        stride(from: 112, through: last, by: -16).map { String(bits >> UInt128($0) & 0xFFFF, radix: 16) }
            .joined(separator: ":")
    }

    private static func map(_ address: UInt32) -> UInt128 { mapped | UInt128(address) }

    private static func parseIPv4(_ text: some StringProtocol) -> UInt32? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var address: UInt32 = 0
        for part in parts {
            guard (1...3).contains(part.utf8.count), part.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                part.utf8.count == 1 || part.utf8.first != UInt8(ascii: "0"), let value = UInt8(part)
            else { return nil }
            address = address << 8 | UInt32(value)
        }
        return address
    }

    private static func parseIPv6(_ text: some StringProtocol) -> UInt128? {
        let halves = text.split(separator: "::", omittingEmptySubsequences: false)
        guard (1...2).contains(halves.count), let head = groups(halves[0], isLast: halves.count == 1),
            let tail = halves.count == 1 ? [] : groups(halves[1], isLast: true)
        else { return nil }
        let missing = 8 - head.count - tail.count
        guard halves.count == 1 ? missing == 0 : missing > 0 else { return nil }
        let all = head + Array(repeating: 0, count: missing) + tail
        return all.reduce(0) { $0 << 16 | UInt128($1) }
    }

    /// The 16-bit groups of a part of an IPv6 address; its last one may be an IPv4 address.
    private static func groups(_ text: some StringProtocol, isLast: Bool) -> [UInt16]? {
        guard !text.isEmpty else { return [] }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        var groups: [UInt16] = []
        for (index, part) in parts.enumerated() {
            if isLast, index == parts.count - 1, part.utf8.contains(UInt8(ascii: ".")) {
                guard let address = parseIPv4(part) else { return nil }
                groups += [UInt16(address >> 16), UInt16(address & 0xFFFF)]
            } else {
                guard (1...4).contains(part.utf8.count), part.utf8.allSatisfy(isHexDigit),
                    let group = UInt16(part, radix: 16)
                else { return nil }
                groups.append(group)
            }
        }
        return groups
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
            UInt8(ascii: "A")...UInt8(ascii: "F"):
            true
        default: false
        }
    }
}

extension IPAddress: CustomStringConvertible {
    /// The address with four decimal or eight hexadecimal parts.
    package var description: String {
        guard isIPv4 else { return groups(through: 0) }
        return stride(from: 24, through: 0, by: -8).map { String(bits >> UInt128($0) & 0xFF) }.joined(separator: ".")
    }
}
