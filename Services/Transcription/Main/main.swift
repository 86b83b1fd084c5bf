import ServiceKit
import TranscriptionService

await ServiceKit.run("transcription-svc", portSetting: "TRANSCRIPTION_PORT", build: TranscriptionService.unit)
