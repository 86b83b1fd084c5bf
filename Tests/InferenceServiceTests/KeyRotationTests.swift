import Contracts
import HTTP
import ServiceKit
import Testing

@testable import InferenceService

/// The order of keys, and which requests use a proxy.
@Suite struct KeyRotationTests {
    @Test func `a key is set aside for a while, and is tried again when none is left`() {
        let now = ContinuousClock.now
        var keys = KeyRotation(count: 3)
        #expect((0..<4).compactMap { _ in keys.next(excluding: [], at: now) } == [0, 1, 2, 0])
        keys.setAside(1, .limited, delay: .seconds(20), at: now)
        #expect(keys.next(excluding: [], at: now) == 2)
        #expect(keys.next(excluding: [2], at: now) == 0)
        #expect(keys.next(excluding: [0, 2], at: now) == nil)
        keys.setAside(0, .spent, delay: nil, at: now)
        keys.setAside(2, .credential, delay: nil, at: now)
        #expect(keys.next(excluding: [], at: now) == 1, "The key that is back first.")
        #expect(keys.next(excluding: [], at: now + .seconds(301)) == 2)
        keys.succeeded(0)
        #expect(keys.next(excluding: [], at: now) == 0)
    }

    @Test func `only faults of the key set it aside`() {
        for cause in Cause.allCases {
            let isOfKey = [.credential, .spent, .limited].contains(cause)
            #expect((KeyRotation.pause(cause, delay: nil) != nil) == isOfKey, "\(cause)")
        }
    }

    @Test(arguments: [
        ("https://api.example.com/v1", "p:3128"), ("http://api.example.com/v1", "plain:1"),
        ("https://127.0.0.1/x", nil),
        ("https://localhost/x", nil), ("https://[::1]/x", nil), ("https://api.internal/x", nil),
        ("https://internal/x", nil),
        ("https://notinternal/x", "p:3128"), ("https://10.1.2.3/x", nil), ("https://11.1.2.3/x", "p:3128"),
        ("https://a.b:8443/x", nil), ("https://a.b/x", "p:3128"),
    ])
    func `NO_PROXY names hosts, subdomains, networks and ports`(_ url: String, _ proxy: String?) throws {
        let settings = Settings(values: [
            "HTTPS_PROXY": "http://u:p@p:3128", "HTTP_PROXY": "plain:1", "NO_PROXY": ".internal, 10.0.0.0/8,a.b:8443",
        ])
        let rules = try ProxyRules(settings: settings)
        #expect(rules.proxy(for: try HTTPTarget.parse(url).target)?.target.authority == proxy)
    }

    @Test func `an invalid proxy stops the start without its password`() {
        let settings = Settings(values: ["HTTPS_PROXY": "socks5://ann:hidden@p:1"])
        #expect { try ProxyRules(settings: settings) } throws: { error in
            "\(error)".contains("HTTPS_PROXY") && !"\(error)".contains("hidden")
        }
    }
}
