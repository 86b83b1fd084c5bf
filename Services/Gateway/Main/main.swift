import GatewayService
import ServiceKit

await ServiceKit.run("gateway", portSetting: "GATEWAY_PORT", build: GatewayService.unit)
