import MediaService
import ServiceKit

await ServiceKit.run("media-svc", portSetting: "MEDIA_PORT", build: MediaService.unit)
