import Bus
import Contracts
import Testing

extension Fixture {
    /// Expects that a call fails with a fault code.
    func expectFault<Request: Endpoint>(
        _ request: Request,
        _ context: CallContext,
        _ code: Fault.Code,
        location: SourceLocation = #_sourceLocation
    ) async throws {
        do {
            _ = try await bus.call(request, context)
            Issue.record("\(request) did not fail.", sourceLocation: location)
        } catch let fault as Fault {
            #expect(fault.code == code, "\(fault.message)", sourceLocation: location)
        }
    }
}
