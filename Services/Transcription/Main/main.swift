import ServiceKit
import TranscriptionService

await ServiceKit.run(.transcription, build: TranscriptionService.unit)
