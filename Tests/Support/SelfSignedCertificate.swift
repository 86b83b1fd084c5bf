package import NIOSSL

/// A self-signed certificate for `somebody.else.invalid`, and its key, which protects nothing.
package enum SelfSignedCertificate {
    package static func configuration() throws -> TLSConfiguration {
        .makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMBytes(Array(certificate.utf8)).map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(key.utf8), format: .pem))
        )
    }

    private static let key = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg9SGTPtSwYl15HDpO
        DMH/GpVwWbLm94u7mynLDlQ4xM2hRANCAATv/Uu7fKxoPSezUzR5/a4+7Ym9jouq
        9Km/9B1JHjlehdRN1wyV9W+bFMdXaM5Fh5EVKg0PuvLOFA6c4KMvoqVN
        -----END PRIVATE KEY-----
        """

    /// The name that the certificate is for.
    package static let host = "somebody.else.invalid"

    /// The certificate in PEM format.
    package static let certificate = """
        -----BEGIN CERTIFICATE-----
        MIIBuTCCAV+gAwIBAgIUSsHvulZCQJ+Wx9gQ3RDxXzt92FAwCgYIKoZIzj0EAwIw
        IDEeMBwGA1UEAwwVc29tZWJvZHkuZWxzZS5pbnZhbGlkMCAXDTI2MTEyMTE4NDUx
        OFoYDzIxMjYxMDI4MTg0NTE4WjAgMR4wHAYDVQQDDBVzb21lYm9keS5lbHNlLmlu
        dmFsaWQwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATv/Uu7fKxoPSezUzR5/a4+
        7Ym9jouq9Km/9B1JHjlehdRN1wyV9W+bFMdXaM5Fh5EVKg0PuvLOFA6c4KMvoqVN
        o3UwczAdBgNVHQ4EFgQUKeuWnidJEeVxFZkp0ob2jrw1Z5MwHwYDVR0jBBgwFoAU
        KeuWnidJEeVxFZkp0ob2jrw1Z5MwDwYDVR0TAQH/BAUwAwEB/zAgBgNVHREEGTAX
        ghVzb21lYm9keS5lbHNlLmludmFsaWQwCgYIKoZIzj0EAwIDSAAwRQIhAKEiwj36
        jurcSbxNNzjfh/BShjmA2pyrZlMkGP52ZrqJAiAvIPnD4DXqoBi39jw7rbRaZT6F
        eiBr+MjlZyHLNv43Nw==
        -----END CERTIFICATE-----
        """
}
