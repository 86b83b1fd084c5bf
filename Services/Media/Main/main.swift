import MediaService
import ServiceKit

await ServiceKit.run(.media, build: MediaService.unit)
