/// The public surfaces of the gateway.
///
/// To add one, write a function like ``Surface/openAI(_:)`` in a folder of its own, and add it to the list. The error
/// format of the first one is used for paths that no surface owns.
enum GatewaySurfaces {
    /// All surfaces, with their documentation.
    static func all(_ services: GatewayServices) -> [Surface] {
        let surfaces: [Surface] = [
            .v1(services),
            .operations(services),
            .openAI(services),
            .sessionChat(services),
            .apiGateway(services),
            .chatAI(services),
            .functionAgent(services),
        ]
        return surfaces + [.documentation(of: surfaces, services.anonymous.mode)]
    }
}
