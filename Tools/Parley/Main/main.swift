import ParleyTool

await Parley.run()
