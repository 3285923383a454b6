using KadOrleans.Lab;

using var signals = new TerminationSignals();
using var io = CommandIo.FromConsole();
return await LabCommand.RunAsync(args, io, signals.Token);
