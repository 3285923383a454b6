using KadOrleans.Lab;

// Before anything of an instrumented assembly runs.
CoverageLoop.Prepare();
using var signals = TerminationSignals.All();
using var io = CommandIo.FromConsole();
return await LabCommand.RunAsync(args, io, signals.Token);
