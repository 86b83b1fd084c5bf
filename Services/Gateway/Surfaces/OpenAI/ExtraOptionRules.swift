import JSON

/// Decides which unknown members of a request may be passed on to a server.
///
/// Pure.
enum ExtraOptionRules {
    /// Names, without separators and in lower case, of options that Parley decides itself.
    private static let forbidden: Set<String> = [
        // Which server and model answer.
        "model", "models", "provider", "providers", "route", "router", "fallbacks", "deployment", "deploymentid",
        "engine", "organization", "project", "apitype", "apiversion", "customllmprovider", "plugins", "transforms",
        // What the answer costs, and how often the model is asked.
        "n", "bestof", "nchoices", "ncmpl", "numreturnsequences", "maxnewtokens", "maxoutputtokens", "maxgenlen",
        "maxlength", "maxtokenstosample", "npredict", "numpredict", "numretries", "maxretries", "timeout",
        // The form of the request and of the answer.
        "messages", "prompt", "input", "extrabody", "extraquery", "modalities", "audio", "background", "mockresponse",
        // What a server would execute, or where it would look for data of others.
        "chattemplate", "logitsprocessors", "idslot", "slotid", "kvtransferparams",
    ]
    /// Parts of names, without separators and in lower case.
    private static let forbiddenParts = [
        "url", "host", "header", "secret", "password", "credential", "authorization", "callback", "webhook", "upstream",
        "stream",
    ]
    /// Parts of names that are forbidden within values, too.
    private static let forbiddenPartsAnywhere = [
        "apibase", "baseurl", "apikey", "proxy", "endpoint", "extraheader", "remotehost",
    ]

    /// Whether a name consists of at most 64 letters, digits, dots, hyphens and underscores.
    static func isPlain(_ name: String) -> Bool {
        (1...64).contains(name.utf8.count)
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."):
                    true
                default: false
                }
            }
    }

    /// Whether a member of the request may be passed on because of its name.
    static func isAllowed(_ name: String) -> Bool {
        let name = letters(of: name)
        return !forbidden.contains(name) && !(forbiddenParts + forbiddenPartsAnywhere).contains { name.contains($0) }
    }

    /// Whether a value contains neither a URL nor a member that could choose a server.
    static func isAllowed(_ json: inout JSONScanner) throws -> Bool {
        var isAllowed = true
        switch json.kind {
        case .object:
            try json.object { name, json in
                let name = letters(of: name.text ?? "")
                if forbiddenPartsAnywhere.contains(where: { name.contains($0) }) { isAllowed = false }
                if try !Self.isAllowed(&json) { isAllowed = false }
            }
        case .array: try json.array { if try !Self.isAllowed(&$0) { isAllowed = false } }
        case .text: isAllowed = try !json.string().contains("://")
        default: try json.skip()
        }
        return isAllowed
    }

    private static func letters(of name: String) -> String {
        name.lowercased().filter { !"_-.".contains($0) }
    }
}
