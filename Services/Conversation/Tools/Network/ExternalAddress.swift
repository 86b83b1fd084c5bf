/// An address that another server returned, which is shown and never opened.
enum ExternalAddress {
    /// Whether this is an absolute web address without white space, control characters and passwords.
    static func isValid(_ address: String, limit: Int) -> Bool {
        guard address.utf8.count <= limit, address.hasPrefix("https://") || address.hasPrefix("http://"),
            address == ExternalText.line(address, limit: limit), !address.contains(" ")
        else { return false }
        let authority = address.drop { $0 != ":" }.dropFirst(3).prefix { !"/?#".contains($0) }
        return !authority.isEmpty && !authority.contains("@")
    }
}
