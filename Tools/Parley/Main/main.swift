import ParleyTool

await ParleyCommand.main()
