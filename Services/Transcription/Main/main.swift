import TranscriptionService
import ServiceKit

await ServiceKit.run("transcription-svc", portSetting: "TRANSCRIPTION_PORT", build: TranscriptionService.unit)
