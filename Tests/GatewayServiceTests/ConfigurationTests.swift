import ServiceKit
import Testing

@testable import GatewayService

/// Which settings start a gateway.
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
    func `the mode follows from where the gateway is bound`(
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
    ])
    func `a setting that is unsafe or cannot be read stops the start`(_ settings: [String: String]) async {
        await #expect(throws: InvalidSetting.self) {
            try await GatewayService.unit(settings: Settings(values: TestGateway.values(settings, servicesPort: 1)))
        }
    }

    private func configuration(_ settings: [String: String]) throws -> GatewayConfiguration {
        try GatewayConfiguration(settings: Settings(values: TestGateway.values(settings, servicesPort: 1)))
    }
}
