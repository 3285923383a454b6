using KadOrleans.Cli;
using KadOrleans.ClusterCli;

using var signals = new TerminationSignals();
using var io = CommandIo.FromConsole();
return await ClusterCommand.Create(io).RunAsync(args, io, signals.Token);
