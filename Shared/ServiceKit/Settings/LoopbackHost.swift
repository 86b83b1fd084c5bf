/// The one rule for host names and addresses that only this machine can have.
package enum LoopbackHost {
    /// Whether a host, without its port, is `localhost` or a loopback address.
    ///
    /// IPv6 addresses may have brackets. Names that only begin with a loopback address or with `localhost` are not
    /// loopback; neither are `0.0.0.0` and address forms that programs read differently, such as `127.1` or
    /// `2130706433`.
    package static func isLoopback(_ host: some StringProtocol) -> Bool {
        if host.first == "[", host.last == "]" {
            let address = host.dropFirst().dropLast()
            return address.utf8.contains(UInt8(ascii: ":")) && IPAddress(address)?.isLoopback == true
        }
        if let address = IPAddress(host) { return address.isLoopback }
        let name = host.lowercased().utf8
        return name.elementsEqual("localhost".utf8) || name.elementsEqual("localhost.".utf8)
    }
}
