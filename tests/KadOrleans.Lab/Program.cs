using KadOrleans.Lab;

using var signals = TerminationSignals.All();
using var io = CommandIo.FromConsole();
return await LabCommand.RunAsync(args, io, signals.Token);
