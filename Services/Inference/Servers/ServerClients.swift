import Foundation
import HTTP
import NIOSSL
import ServiceKit

/// The HTTP clients of the servers: servers with the same certificates, proxy and timeout share one.
struct ServerClients {
    private struct Key: Hashable {
        let certificates: String?
        let proxy: String?
        let connectTimeout: Duration
    }

    private let rules: ProxyRules
    private let certificates: String?
    private let connectTimeout: Duration
    private var clients: [Key: HTTPClient] = [:]

    /// Throws an `InvalidSetting` for an invalid proxy and for certificates that cannot be read.
    init(settings: Settings, connectTimeout: Duration) throws {
        rules = try ProxyRules(settings: settings)
        certificates = settings.string("SSL_CERT_FILE")
        self.connectTimeout = connectTimeout
        if let certificates { try Self.check(certificates, "SSL_CERT_FILE") }
    }

    /// The client of a server.
    ///
    /// Throws an `InvalidSetting` for an invalid proxy and for certificates that cannot be read.
    mutating func client(for server: ServerConfiguration) throws -> HTTPClient {
        let key = Key(
            certificates: server.certificateFile,
            proxy: server.proxy,
            connectTimeout: server.connectTimeout ?? connectTimeout
        )
        if let client = clients[key] { return client }
        if let file = key.certificates { try Self.check(file, "ca_file of \(server.name) in PROVIDERS_FILE") }
        var configuration = HTTPClient.Configuration(
            connectTimeout: key.connectTimeout,
            tls: .modernClient(trusting: key.certificates ?? certificates)
        )
        configuration.proxy = try proxy(of: server)
        let client = HTTPClient(configuration: configuration)
        clients[key] = client
        return client
    }

    private func proxy(of server: ServerConfiguration) throws -> @Sendable (HTTPTarget) -> HTTPProxy? {
        guard let url = server.proxy else { return { [rules] in rules.proxy(for: $0) } }
        guard !url.isEmpty else { return { _ in nil } }
        do {
            let proxy = try HTTPProxy.parse(url)
            return { _ in proxy }
        } catch {
            throw InvalidSetting("proxy of \(server.name) in PROVIDERS_FILE cannot be used. \(error.message)")
        }
    }

    /// Throws an `InvalidSetting` unless a file has certificates.
    private static func check(_ file: String, _ setting: String) throws {
        do {
            guard try !NIOSSLCertificate.fromPEMFile(file).isEmpty else { throw CocoaError(.fileReadCorruptFile) }
        } catch {
            throw InvalidSetting("\(setting) is \(file), which has no readable certificates in PEM format.")
        }
    }
}
