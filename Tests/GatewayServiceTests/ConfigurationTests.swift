import ServiceKit
import Testing

@testable import GatewayService

struct ConfigurationTests {
    @Test(arguments: [
        ([:], AuthenticationMode.open),
        (["GATEWAY_HOST": "127.0.0.5"], .open),
        (["GATEWAY_HOST": "::1"], .open),
        (["GATEWAY_HOST": "localhost"], .open),
        (["AUTH_MODE": "off"], .off),
        (["AUTH_MODE": "REQUIRED"], .required),
        (["GATEWAY_HOST": "0.0.0.0", "AUTH_MODE": "required"], .required),
        (["GATEWAY_HOST": "0.0.0.0", "AUTH_MODE": "open", "ALLOW_INSECURE": "true"], .open),
        (["GATEWAY_HOST": "0.0.0.0", "AUTH_MODE": "off", "ALLOW_INSECURE": "true"], .off),
    ])
    func `the default mode depends on the bind address`(
        settings: [String: String],
        mode: AuthenticationMode
    ) throws {
        #expect(try configuration(settings).mode == mode)
    }

    @Test(arguments: [
        ["GATEWAY_HOST": "0.0.0.0", "AUTH_MODE": "open"],
        ["GATEWAY_HOST": "0.0.0.0", "AUTH_MODE": "off"],
        ["GATEWAY_HOST": "192.168.1.1", "AUTH_MODE": "off", "ALLOW_INSECURE": "false"],
        ["GATEWAY_HOST": "127.evil.example", "AUTH_MODE": "open"],
        ["GATEWAY_HOST": "::", "AUTH_MODE": "off"],
        ["AUTH_MODE": "none"],
        ["ALLOW_INSECURE": "perhaps", "GATEWAY_HOST": "0.0.0.0", "AUTH_MODE": "off"],
        ["JWT_SECRET_KEY": "short"],
        ["JWT_SECRET_KEY": "yral-jwt-secret-key-change-in-production-2024"],
        ["JWT_JWKS_URL": "http://127.0.0.1/jwks"],
        ["GATEWAY_PORT": "65536"],
        ["GATEWAY_PORT": "x"],
        ["CONVERSATION_URL": "ftp://x"],
        ["INFERENCE_URL": "x"],
        ["RATE_LIMIT_PER_MINUTE": "-1"],
        ["RATE_LIMIT_PER_HOUR": "many"],
        ["CORS_ORIGINS": "example.com"],
        ["CORS_ORIGINS": "https://example.com/"],
        ["CORS_ORIGINS": "https://example.com,*"],
        ["CORS_ORIGINS": "https://example.com,"],
        ["TRUSTED_PROXIES": "proxy.example"],
        ["TRUSTED_PROXIES": "*"],
        ["TRUSTED_PROXIES": "10.0.0.0/33"],
        ["TRUSTED_PROXIES": "10.0.0.1/8"],
        ["TRUSTED_PROXIES": "10.0.0.1,,10.0.0.2"],
        ["TRUSTED_PROXIES": "10.0.0.1:80"],
        ["ALLOWED_HOSTS": "*"],
        ["ALLOWED_HOSTS": "*.example"],
        ["ALLOWED_HOSTS": "https://parley.example"],
        ["ALLOWED_HOSTS": "parley.example:8000"],
        ["ALLOWED_HOSTS": "parley.example/"],
        ["ALLOWED_HOSTS": "a..b"],
        ["ALLOWED_HOSTS": "a,,b"],
        ["ALLOWED_HOSTS": "h\u{F6}st"],
        ["GATEWAY_HOST": "localhost.evil.example", "AUTH_MODE": "open"],
        ["GATEWAY_HOST": "127.1", "AUTH_MODE": "open"],
    ])
    func `an unsafe or malformed setting stops the start`(_ settings: [String: String]) async {
        await #expect(throws: InvalidSetting.self) {
            try await GatewayService.unit(settings: Settings(values: TestGateway.values(settings, servicesPort: 1)))
        }
    }

    @Test(arguments: [
        ["TRUSTED_PROXIES": "10.0.0.0/8, fd00::/8,::1 , 192.0.2.1"],
        ["ALLOWED_HOSTS": "parley.example, Parley-2.local.,192.168.1.5,[fd00::1],fd00::2,parley"],
        ["TRUSTED_PROXIES": "", "ALLOWED_HOSTS": " "],
    ])
    func `proxies and hosts are parsed`(_ settings: [String: String]) throws {
        _ = try configuration(settings)
    }

    @Test func `the gateway's own address is answered, the wildcard address is not`() throws {
        #expect(try configuration(["GATEWAY_HOST": "127.0.0.5"]).answeredHosts.contains("127.0.0.5"))
        let wildcard = try configuration(["GATEWAY_HOST": "0.0.0.0", "AUTH_MODE": "required", "ALLOWED_HOSTS": "x"])
        #expect(wildcard.answeredHosts == ["x"])
    }

    @Test func `the message for a malformed setting names the setting, the value and the form`() throws {
        for name in ["TRUSTED_PROXIES", "ALLOWED_HOSTS"] {
            let fault = #expect(throws: InvalidSetting.self) { try configuration([name: "10.0.0.1, bad/value"]) }
            let message = String(describing: try #require(fault))
            #expect(message.contains(name) && message.contains("bad/value") && message.contains("such as"))
        }
    }

    private func configuration(_ settings: [String: String]) throws -> GatewayConfiguration {
        try GatewayConfiguration(settings: Settings(values: TestGateway.values(settings, servicesPort: 1)))
    }
}
