import HTTP
import ServiceKit

/// The message when all services are ready.
struct StartupSummary {
    let plan: ServicePlan
    let elapsed: Duration

    func print() {
        let milliseconds = elapsed.components.seconds * 1000 + elapsed.components.attoseconds / 1_000_000_000_000_000
        let names = plan.services.map(\.executable).joined(separator: ", ")
        Console.print("Parley is up after \(milliseconds) ms: \(names).")
        if plan.services.contains(.gateway), let port = port {
            let target = HTTPTarget(host: ServiceKind.gateway.host(plan.settings), port: port)
            let address = "http://\(target.authority)"
            Console.print("  Address   \(address)")
            Console.print("  Try it    curl -s \(address)/api/v1/influencers")
        }
        Console.print("  Logs      \(plan.settings.dataDirectory)/logs")
        Console.print("  Stop      Ctrl-C")
    }

    private var port: Int? {
        do { return try ServiceKind.gateway.port(plan.settings) } catch { return nil }
    }
}
