/// The public surfaces of the gateway.
///
/// To add one, write a function like ``Surface/openAI(_:)`` in a folder of its own, and name it here.
enum GatewaySurfaces {
    static func all(_ services: GatewayServices) -> [Surface] {
        [
            .operations(services),
            .v1(services),
            .openAI(services),
        ]
    }

    /// Throws `InvalidRoute` where two surfaces answer the same requests.
    static func table(_ services: GatewayServices) throws -> SurfaceTable {
        try SurfaceTable(all(services), fallback: .v1(services))
    }
}
