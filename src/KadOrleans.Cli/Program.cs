using KadOrleans.Cli;

FailingWrites.Expect();
using var signals = TerminationSignals.All();
using var io = CommandIo.FromConsole();
return await KadCommand.RunAsync(args, io, signals.Token);
