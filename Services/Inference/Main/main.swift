import InferenceService
import ServiceKit

await ServiceKit.run("inference-svc", portSetting: "INFERENCE_PORT", build: InferenceService.unit)
