import GatewayService
import ServiceKit

await ServiceKit.run(.gateway, build: GatewayService.unit)
