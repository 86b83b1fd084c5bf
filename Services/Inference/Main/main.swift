import InferenceService
import ServiceKit

await ServiceKit.run(.inference, build: InferenceService.unit)
