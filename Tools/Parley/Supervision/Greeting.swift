import HTTP
import ServiceKit

/// What is said when everything is up.
struct Greeting {
    let plan: ServicePlan
    let elapsed: Duration

    func print() {
        let milliseconds = elapsed.components.seconds * 1000 + elapsed.components.attoseconds / 1_000_000_000_000_000
        let names = plan.services.map(\.executable).joined(separator: ", ")
        Console.say("Parley is up after \(milliseconds) ms: \(names).")
        if plan.services.contains(.gateway), let port = port {
            let target = HTTPTarget(host: HouseService.gateway.host(plan.settings), port: port)
            let address = "http://\(target.authority)"
            Console.say("  Address   \(address)")
            Console.say("  Try it    curl -s \(address)/api/v1/influencers")
        }
        Console.say("  Logs      \(plan.settings.dataDirectory)/logs")
        Console.say("  Stop      Ctrl-C")
    }

    private var port: Int? {
        do { return try HouseService.gateway.port(plan.settings) } catch { return nil }
    }
}
